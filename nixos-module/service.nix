# hushfs.service, as systemd/hushfs.service is for other distributions.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.hushfs;
  inherit (import ./lib { inherit lib; }) escapeSystemdPath;

  hushfs = lib.getExe cfg.package;
  # Every command of hushfs finds it there without `--config`.
  file = "/etc/hushfs/hushfs.yaml";
  onHost =
    command:
    "+${pkgs.util-linux}/bin/nsenter --mount=/proc/1/ns/mnt ${hushfs} ${command} --config ${file}";

  # A backslash is doubled, a per cent sign too: systemd unquotes words and expands specifiers.
  credential =
    path: lib.replaceStrings [ "\\" "%" ] [ "\\\\" "%%" ] "${escapeSystemdPath path}:${path}";
in
{
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    environment.etc."hushfs/hushfs.yaml".source = cfg.configFile;
    boot.kernelModules = [ "fuse" ];

    systemd.services.hushfs = {
      description = "hushfs, a read-only filesystem of secrets";
      documentation = [ "man:hushfs(1)" ];
      wantedBy = [ "sysinit.target" ];
      before = [
        "sysinit.target"
        "shutdown.target"
      ];
      conflicts = [ "shutdown.target" ];
      after = [ "systemd-modules-load.service" ] ++ lib.optional (!cfg.beforeUsers) "local-fs.target";
      unitConfig = {
        DefaultDependencies = false;
        StartLimitIntervalSec = 0;
        RequiresMountsFor = cfg.identityPaths;
      };
      # The mount stays: a switch doesn't stop the server before it changes the system, and a new version goes on with the same descriptor.
      stopIfChanged = false;
      reloadTriggers = [ cfg.configFile ];
      # A path of systemd's default unit directories is of no use here, and would change with every package in it.
      enableDefaultPath = false;

      serviceConfig = import ./sandbox.nix // {
        Type = "notify-reload";
        NotifyAccess = "all";
        FileDescriptorStoreMax = 8;
        ExecStartPre = onHost "attach";
        ExecStart = "${hushfs} serve --config ${file}";
        ExecStopPost = onHost "detach";
        Restart = "always";
        RestartSec = 0;
        RestartMode = "direct";
        WatchdogSec = 10;
        RuntimeDirectory = "hushfs-state";
        RuntimeDirectoryMode = "0700";
        RuntimeDirectoryPreserve = true;
        LoadCredential = map credential cfg.identityPaths;
      };
    };
  };
}
