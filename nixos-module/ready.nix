# What comes after hushfs: the units that read its secrets.
#
# A unit that requires hushfs.service itself would be restarted with it (systemd.unit(5), Requires=): at every upgrade, and whenever the
# server ends and is started again. Readers survive both on the same mount, so they require a unit that brings hushfs at each of their
# starts and then is over: what happens to hushfs later doesn't reach them.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services.hushfs;
  inherit (import ./lib { inherit lib; }) matchesGlob;

  hasWildcard = glob: builtins.match ".*[*?].*" glob != null;

  services = map (name: "${name}.service") (lib.attrNames config.systemd.services);

  # A template as `backup@.service` stands for all of its instances: its dependencies are theirs.
  unitsOf =
    glob:
    if hasWildcard glob then
      lib.filter (unit: matchesGlob glob unit || matchesGlob glob (instanceOf unit)) services
    else
      [ glob ];
  instanceOf = lib.replaceStrings [ "@.service" ] [ "@x.service" ];

  rules = lib.mapAttrsToList cfg.ruleOf cfg.files;
  readers = lib.filter isOrdered (
    lib.unique (
      lib.concatMap unitsOf (lib.unique (lib.concatMap (rule: lib.optionals (rule != null) rule) rules))
    )
  );
  # A scope has no start that could wait; the units of hushfs can't wait for themselves.
  isOrdered =
    unit: !(lib.hasSuffix ".scope" unit) && !(lib.hasSuffix ".slice" unit) && !(lib.elem unit own);
  own = map (name: "${name}.service") [
    "hushfs"
    "hushfs-accounts"
    "hushfs-changes"
    "hushfs-ready"
  ];

  hasUserRule = lib.any (secret: secret.userUnits != null) (lib.attrValues cfg.files);

  links = lib.concatLists (
    lib.mapAttrsToList (
      _: secret: map (link: lib.nameValuePair link secret.path) secret.symlinks
    ) cfg.files
  );
in
{
  config = lib.mkIf cfg.enable {
    systemd.services.hushfs-ready = {
      description = "The secrets of hushfs can be read";
      requiredBy = readers;
      before = readers ++ lib.optional hasUserRule "systemd-user-sessions.service";
      wantedBy = lib.optional hasUserRule "multi-user.target";
      wants = [ "hushfs.service" ];
      after = [ "hushfs.service" ];
      conflicts = [ "shutdown.target" ];
      # Whoever is in `before` may come before sysinit.target.
      unitConfig = {
        DefaultDependencies = false;
        StartLimitIntervalSec = 0;
      };
      # A restart would be one of every reader that is just starting.
      restartIfChanged = false;
      serviceConfig = {
        Type = "oneshot";
        ExecStart = "${config.systemd.package}/bin/systemctl is-active --quiet hushfs.service";
      };
    };

    systemd.tmpfiles.settings = lib.mkIf (links != [ ]) {
      "10-hushfs" = lib.listToAttrs (
        map (link: lib.nameValuePair link.name { "L+".argument = link.value; }) links
      );
    };
  };
}
