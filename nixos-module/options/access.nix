# Who may read a file of the mount, and what happens when it changes: of a secret and of a template.
{
  lib,
  hushTypes,
  declare,
}:
{ ... }:
let
  inherit (lib) mkOption types;
  inherit (declare) optional flag list;
in
{
  options = {
    owner = mkOption {
      type = hushTypes.account;
      default = "root";
      example = "postgres";
      description = "User that owns the file: a name, or a number.";
    };

    group = mkOption {
      type = hushTypes.account;
      default = "root";
      example = "postgres";
      description = "Group of the file: a name, or a number.";
    };

    mode = mkOption {
      type = hushTypes.mode;
      default = "0400";
      example = "0440";
      description = "Permission bits of the file, octal. Nothing can be written, whatever they say.";
    };

    units = optional (types.listOf hushTypes.unitGlob) [ "postgresql.service" "backup@*.service" ] ''
      Only these systemd units may read the file, root included; `*` and `?` are wildcards. They start after hushfs, and not without it.
      With `null` there is no such rule: owner, group and mode decide. An empty list is no unit at all.
    '';

    userUnits = optional (types.listOf hushTypes.userUnitGlob) [ "alice/syncthing.service" ] ''
      Units of a user's own manager that may read the file, as USER/UNIT.
    '';

    manager = flag true ''
      Whether PID 1 itself may read the file in spite of `units`. That is how `EnvironmentFile=` reads.
    '';

    reads = mkOption {
      type =
        types.either
          (types.enum [
            "always"
            "once"
          ])
          (
            types.submodule {
              options.startup = mkOption {
                type = hushTypes.duration;
                example = "30s";
                description = "How long after the start of a unit it may open the secret.";
              };
            }
          );
      default = "always";
      example = {
        startup = "30s";
      };
      description = ''
        How often a unit may open the secret after its start: `always`, `once`, or as long after it as `startup` says. A service that is taken
        over later can't read it again.
      '';
    };

    restartUnits = list hushTypes.unitName [
      "postgresql.service"
    ] "Units to restart when the value changes.";

    reloadUnits = list hushTypes.unitName [ "nginx.service" ] "Units to reload when the value changes.";

    symlinks = list hushTypes.privateFile [ "/var/lib/app/token" ] ''
      Other places at which programs look for the file: symbolic links to it, which systemd-tmpfiles makes.
    '';
  };
}
