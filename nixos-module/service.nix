# hushfs.service, and the units that go with it, as systemd/ has them for other distributions.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkIf mkMerge;
  cfg = config.services.hushfs;
  inherit (import ./lib { inherit lib; }) escapeSystemdPath;

  hushfs = lib.getExe cfg.package;
  # Every command of hushfs finds it there without `--config`.
  file = "/etc/hushfs/hushfs.yaml";
  onHost =
    command:
    "+${pkgs.util-linux}/bin/nsenter --mount=/proc/1/ns/mnt ${hushfs} ${command} --config ${file}";
  # Part of the package, and of the program of `hushfs install`.
  supervise = "${cfg.package}/lib/node_modules/hushfs/dist/systemd/supervise";

  # A backslash is doubled, a per cent sign too: systemd unquotes words and expands specifiers.
  quoted = lib.replaceStrings [ "\\" "%" ] [ "\\\\" "%%" ];
  nameOf = path: quoted (escapeSystemdPath path);

  # Sealed files outside of the Nix store are readable for the server's group alone.
  group = "hushfs";
  isStored =
    file: file != null && !builtins.isPath file && !(lib.hasPrefix "${builtins.storeDir}/" file);
  inherit (import ./options/source-names.nix) opened;
  needsGroup = lib.any (secret: lib.any (option: isStored secret.${option}) opened) (
    lib.attrValues cfg.secrets
  );

  # A server without privilege gets these opened. What goes with the mount for the users script is opened by root.
  credentials = lib.mapAttrsToList (_: secret: secret.source.credential) (
    lib.filterAttrs (_: secret: secret.source ? credential) (cfg.document.secrets or { })
  );
  inUnit = lib.replaceStrings [ "%" ] [ "%%" ];

  # What signs in to servers, which systemd reads for hushfs as it does private keys.
  filesIn =
    values: map (name: "${values.${name}}") (lib.filter (lib.hasSuffix "File") (lib.attrNames values));
  filesOfVault =
    vault:
    lib.concatMap filesIn (
      [ vault ] ++ lib.filter lib.isAttrs (lib.attrValues vault.auth) ++ [ vault.auth ]
    );
  vaults = lib.attrValues (cfg.document.vaults or { });
  privateFiles = lib.unique (cfg.identityPaths ++ lib.concatMap filesOfVault vaults);
  needsNetwork = lib.any (secret: secret.vault != null) (lib.attrValues cfg.secrets);

  accounts = lib.optional (!cfg.beforeUsers) "systemd-sysusers.service";
in
{
  config = mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    environment.etc."hushfs/hushfs.yaml".source = cfg.configFile;
    boot.kernelModules = [ "fuse" ];

    users.groups = mkIf needsGroup { ${group} = { }; };
    systemd.tmpfiles.settings."10-hushfs" = mkIf needsGroup {
      ${cfg.document.store or "/var/lib/hushfs/store"}.d = {
        inherit group;
        user = "root";
        mode = "2750";
      };
    };

    systemd.services.hushfs = {
      description = "Filesystem of secrets (hushfs)";
      documentation = [ "man:hushfs(1)" ];
      wantedBy = [ "basic.target" ];
      wants = [ "modprobe@fuse.service" ];
      after = [
        "modprobe@fuse.service"
      ]
      ++ accounts
      ++ lib.optional (!cfg.beforeUsers) "local-fs.target";
      before = [
        "basic.target"
        "shutdown.target"
      ];
      conflicts = [ "shutdown.target" ];
      unitConfig = {
        DefaultDependencies = false;
        StartLimitIntervalSec = 0;
        RequiresMountsFor = cfg.identityPaths;
      };

      # The mount stays: a switch doesn't stop the server before it changes the system, and a new version goes on with the same descriptor.
      stopIfChanged = false;
      reloadTriggers = [ cfg.configFile ];
      # systemctl, and nothing that would change the unit with every update of the system.
      enableDefaultPath = false;
      path = [ config.systemd.package ];

      serviceConfig = mkMerge [
        (import ./sandbox.nix { inherit needsNetwork; })
        {
          Type = "notify-reload";
          NotifyAccess = "all";
          FileDescriptorStoreMax = 8;
          ExecStartPre = onHost "attach";
          ExecStart = "${pkgs.runtimeShell} ${supervise} ${hushfs} serve --config ${file}";
          ExecReload = onHost "reload";
          ExecStopPost = onHost "detach";
          ReloadSignal = "SIGCONT";
          KillMode = "mixed";
          Restart = "always";
          RestartSec = "200ms";
          RestartPreventExitStatus = 2;
          SuccessExitStatus = 75;
          TimeoutStopSec = 10;
          WatchdogSec = 15;
          WatchdogSignal = "SIGKILL";
          OOMPolicy = "continue";
          LoadCredential = map (path: "${nameOf path}:${inUnit path}") privateFiles;
          # Stands in for a file that isn't there, which would be a failure of the start.
          SetCredential =
            map (path: "${nameOf path}:-") privateFiles
            ++ map ({ name, ... }: "${name}:hushfs-stand-in") credentials;
        }
        (mkIf needsGroup { SupplementaryGroups = group; })
        (mkIf (credentials != [ ]) {
          LoadCredentialEncrypted = map ({ file, name }: "${name}:${inUnit file}") credentials;
        })
      ];
    };

    # The server has no right to restart units: it writes down which secrets have changed, and this has it done.
    systemd.paths.hushfs-changes = {
      description = "Changed secrets (hushfs)";
      documentation = [ "man:hushfs(1)" ];
      wantedBy = [ "multi-user.target" ];
      pathConfig.DirectoryNotEmpty = "/run/hushfs-state/changed";
    };
    systemd.services.hushfs-changes = {
      description = "Restart the units whose secrets have changed (hushfs)";
      documentation = [ "man:hushfs(1)" ];
      path = [ config.systemd.package ];
      serviceConfig = {
        Type = "oneshot";
        ExecStart = "${hushfs} apply-changes --config ${file}";
        CapabilityBoundingSet = "CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH";
        NoNewPrivileges = true;
        ProtectHome = "read-only";
        ProtectSystem = "full";
        PrivateNetwork = true;
      };
    };
  };
}
