# One secret: where its value comes from, and who may read it.
{
  lib,
  hushTypes,
  # name of the secret -> whether it is needed for users -> path
  pathOf,
}:
{ name, config, ... }:
let
  inherit (lib) mkOption types;
  optional =
    type: example: description:
    mkOption {
      type = types.nullOr type;
      default = null;
      inherit example description;
    };
  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
      example = !default;
    };
  list =
    type: example: description:
    mkOption {
      type = types.listOf type;
      default = [ ];
      inherit example description;
    };
in
{
  imports = [
    (import ./sources.nix { inherit lib hushTypes optional; })
    (import ./contract.nix { inherit lib; })
  ];

  options = {
    owner = mkOption {
      type = hushTypes.account;
      default = config.request.owner;
      defaultText = lib.literalExpression "config.request.owner, which is root";
      example = "postgres";
      description = "User that owns the file: a name, or a number.";
    };

    group = mkOption {
      type = hushTypes.account;
      default = config.request.group;
      defaultText = lib.literalExpression "config.request.group, which is root";
      example = "postgres";
      description = "Group of the file: a name, or a number.";
    };

    mode = mkOption {
      type = hushTypes.mode;
      default = config.request.mode;
      defaultText = lib.literalExpression "config.request.mode, which is 0400";
      example = "0440";
      description = "Permission bits of the file, octal. Nothing can be written, whatever they say.";
    };

    units = optional (types.listOf hushTypes.unitGlob) [ "postgresql.service" "backup@*.service" ] ''
      Only these systemd units may read the secret, root included; `*` and `?` are wildcards. They start after hushfs, and not without it.
      With `null` there is no such rule: owner, group and mode decide. An empty list is no unit at all.
    '';

    userUnits = optional (types.listOf hushTypes.userUnitGlob) [ "alice/syncthing.service" ] ''
      Units of a user's own manager that may read the secret, as USER/UNIT.
    '';

    manager = flag true ''
      Whether PID 1 itself may read the secret in spite of `units`. That is how `EnvironmentFile=` reads.
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
      Other places at which programs look for the secret: symbolic links to it, which systemd-tmpfiles makes.
    '';

    neededForUsers = flag false ''
      Whether the secret is a password of {option}`users.users.<name>.hashedPasswordFile`. It is then there before users are made, for root alone.
    '';

    path = mkOption {
      type = types.str;
      readOnly = true;
      default = pathOf name config.neededForUsers;
      defaultText = lib.literalExpression ''"''${config.services.hushfs.mountPoint}/''${name}"'';
      example = "/run/hushfs/db/password";
      description = "Where the secret is on the running system.";
    };
  };
}
