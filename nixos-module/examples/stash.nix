# Stash as a consumer of the file-secrets contract: three options that took a path say now which owner, group and mode they need. They still
# take a plain path. This is the part of nixpkgs' module that changes; the rest of it stays as it is.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services.stash;
  inherit (import ../lib { inherit lib; }) fileSecrets;

  secretFile =
    description:
    lib.mkOption {
      type = fileSecrets.mkConsumerType {
        mode = "0400";
        owner = cfg.user;
        inherit (cfg) group;
        restartUnits = [ "stash.service" ];
      };
      default = { };
      example = "/path/to/a/file";
      inherit description;
    };
in
{
  disabledModules = [ "services/web-apps/stash.nix" ];

  options.services.stash = {
    enable = lib.mkEnableOption "stash";
    user = lib.mkOption {
      type = lib.types.str;
      default = "stash";
      description = "User under which Stash runs.";
    };
    group = lib.mkOption {
      type = lib.types.str;
      default = "stash";
      description = "Group under which Stash runs.";
    };
    username = lib.mkOption {
      type = lib.types.nullOr lib.types.str;
      default = null;
      description = "Username for login.";
    };
    passwordFile = secretFile "File containing a bcrypt-hashed password for login.";
    jwtSecretKeyFile = secretFile "File containing a secret used to sign JWT tokens.";
    sessionStoreKeyFile = secretFile "File containing a secret for session store.";
  };

  config = lib.mkIf cfg.enable {
    users.users.${cfg.user} = {
      inherit (cfg) group;
      isSystemUser = true;
    };
    users.groups.${cfg.group} = { };

    systemd.services.stash = {
      wantedBy = [ "multi-user.target" ];
      preStart = ''
        umask 0077
        jwt_secret_key=$(< ${cfg.jwtSecretKeyFile.result.path}) \
        session_store_key=$(< ${cfg.sessionStoreKeyFile.result.path}) \
        ${lib.optionalString (cfg.username != null) "password=$(< ${cfg.passwordFile.result.path})"} \
        stash-settings >"$STATE_DIRECTORY/config.yml"
      '';
      script = "exec stash";
      serviceConfig = {
        User = cfg.user;
        Group = cfg.group;
        StateDirectory = "stash";
      };
    };
  };
}
