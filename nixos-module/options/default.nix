# The options of services.hushfs.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.hushfs;
  hushTypes = import ./types.nix { inherit lib; };

  # The SSH host keys that open files: Ed25519 any, RSA those of age.
  hostKeys = lib.filter (
    { type, ... }:
    lib.elem type [
      "ed25519"
      "rsa"
    ]
  ) config.services.openssh.hostKeys;
in
{
  options.services.hushfs = {
    enable = lib.mkEnableOption "hushfs, a read-only filesystem of secrets";

    package = mkOption {
      type = types.package;
      default = pkgs.callPackage ../package.nix { };
      defaultText = lib.literalExpression "pkgs.callPackage ./package.nix { }";
      example = lib.literalExpression "pkgs.hushfs";
      description = "The package of hushfs.";
    };

    mountPoint = mkOption {
      type = hushTypes.absolute;
      default = "/run/hushfs";
      example = "/run/secrets";
      description = "Where the secrets are mounted. After a change, stop and start hushfs.service by hand.";
    };

    identityPaths = mkOption {
      type = types.listOf hushTypes.privateFile;
      default = lib.optionals config.services.openssh.enable (map (key: key.path) hostKeys);
      defaultText = lib.literalMD "the Ed25519 and RSA host keys of {option}`services.openssh`, where it is enabled";
      example = [ "/var/lib/hushfs/identity" ];
      description = ''
        Files with private keys that open the secrets: hushfs or age identities, SSH keys without a passphrase. Strings, so that no key gets
        into the Nix store. systemd reads them as root; the server itself can't.
      '';
    };

    directoryMode = mkOption {
      type = hushTypes.mode;
      default = "0711";
      example = "0755";
      description = "Permission bits of every folder of the mount, octal.";
    };

    secrets = mkOption {
      type = types.attrsOf (
        types.submodule (
          import ./secret.nix {
            inherit lib hushTypes;
            inherit (cfg) pathOf;
          }
        )
      );
      default = { };
      example = lib.literalExpression ''
        {
          "db/password" = {
            ageFile = ./secrets/db-password.age;
            owner = "postgres";
            units = [ "postgresql.service" ];
          };
        }
      '';
      description = "The secrets by name; `a/b` is the file `b` in a folder `a`.";
    };

    templates = mkOption {
      type = types.attrsOf (
        types.submodule (
          import ./template.nix {
            inherit lib hushTypes;
            inherit (cfg) mountPoint;
          }
        )
      );
      default = { };
      example = lib.literalExpression ''
        {
          "app.env" = {
            content = "PASSWORD=''${config.services.hushfs.filteredPlaceholder.systemd."db/password"}\n";
            units = [ "app.service" ];
          };
        }
      '';
      description = "Files with the values of secrets in them, by name, as {option}`secrets` are.";
    };

    vaults = mkOption {
      type = types.attrsOf (types.submodule (import ./vault.nix { inherit lib hushTypes; }));
      default = { };
      example = {
        main = {
          address = "https://vault.example:8200";
          auth.tokenFile = "/run/vault-token";
        };
      };
      description = "Servers of Vault or OpenBao by name. Where there is one, the server may use the network.";
    };

    settings = mkOption {
      type = types.attrsOf types.anything;
      default = { };
      example = {
        store = "/var/lib/hushfs/store";
      };
      description = ''
        Further keys of the configuration file, which `hushfs config schema` describes; those of {option}`secrets` are merged with the options.
      '';
    };

    checkConfig = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the configuration is checked by hushfs itself when it is built. No key and no source is opened.";
    };

    allowPlaintext = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether secrets may come from `text` and `file`, which are plaintext: for tests and migration.";
    };

    externalUnits = mkOption {
      type = types.listOf hushTypes.unitName;
      default = [ ];
      example = [ "machine-web.service" ];
      description = ''
        Units that {option}`systemd.services` doesn't have but that exist on the running system, as those of {option}`systemd.packages` do.
        Another unit that a secret names and that doesn't exist is an error.
      '';
    };

    files = mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      default = cfg.secrets // cfg.templates;
      description = "The files of the mount by name: secrets and templates.";
    };

    pathOf = mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      description = "The path of a secret, from its name and from whether it is needed for users.";
    };
  };
}
