# RFC 59: `systemd.services.<name>.hushfs` gives a service secrets, for as long as it runs.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.hushfs;
  inherit (import ./lib { inherit lib; }) credentialId ruleForService;

  enrichment =
    { config, ... }:
    {
      options.hushfs.secrets = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "db/password" ];
        description = ''
          Secrets and templates of hushfs for this service, which gets each as a credential, named like the secret with a dot in place of each slash and
          colon: `db/password` is `''${CREDENTIALS_DIRECTORY}/db.password`. Only the units that asked for one may read it, and they start
          after hushfs. `DynamicUser` and `PrivateTmp` stay as they are.
        '';
      };
      config = lib.mkIf (cfg.enable && config.hushfs.secrets != [ ]) {
        serviceConfig.LoadCredential = map credentialOf (lib.filter isKnown config.hushfs.secrets);
      };
    };

  isKnown = name: cfg.files ? ${name};
  credentialOf =
    name: "${credentialId name}:${lib.replaceStrings [ "%" ] [ "%%" ] cfg.files.${name}.path}";

  # The services that ask for a secret. One pass over all services, whatever the number of secrets.
  asking = lib.zipAttrs (
    lib.mapAttrsToList (
      service:
      { hushfs, ... }:
      lib.genAttrs (hushfs.secrets ++ lib.attrValues hushfs.environment) (_: ruleForService service)
    ) config.systemd.services
  );

in
{
  options.systemd.services = mkOption { type = types.attrsOf (types.submodule enrichment); };

  config.services.hushfs.ruleOf =
    name: secret:
    if asking ? ${name} then
      lib.unique (lib.optionals (secret.units != null) secret.units ++ asking.${name})
    else
      secret.units;
}
