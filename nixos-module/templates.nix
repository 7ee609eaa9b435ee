# Templates: what stands for a value in them, and the environment of services that ask for one.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.hushfs;
  inherit (import ./lib { inherit lib; }) ruleForService;
  reads = import ./lib/reads.nix { inherit lib; };

  filters = [
    "json"
    "shell"
    "base64"
    "urlencode"
    "systemd"
  ];
  placeholderOf =
    filter: name: "\${hushfs:${name}${lib.optionalString (filter != null) "|${filter}"}}";
  placeholders = filter: lib.mapAttrs (name: _: placeholderOf filter name) cfg.secrets;

  computed =
    example: description:
    mkOption {
      type = types.attrsOf types.raw;
      readOnly = true;
      defaultText = lib.literalMD "computed";
      example = lib.literalExpression example;
      inherit description;
    };

  enrichment =
    { name, config, ... }:
    {
      options.hushfs.environment = mkOption {
        type = types.attrsOf types.str;
        default = { };
        example = {
          DB_PASSWORD = "db/password";
        };
        description = ''
          Secrets of hushfs for the environment of this service, by the names of the variables. Its processes can read the environment of
          one another; prefer {option}`hushfs.secrets` where the program takes a file.
        '';
      };
      config = lib.mkIf (cfg.enable && config.hushfs.environment != { }) {
        serviceConfig.EnvironmentFile = [ cfg.templates.${environmentOf name}.path ];
      };
    };

  environmentOf = service: "hushfs-environment/${lib.replaceStrings [ "\\" ] [ "_" ] service}";
  # As strict as the secrets in it. Those that aren't there are for assertions.nix.
  templateOf =
    service:
    { hushfs, ... }:
    let
      variables = lib.filterAttrs (_: name: cfg.secrets ? ${name}) hushfs.environment;
      secrets = map (name: cfg.secrets.${name}) (lib.attrValues variables);
    in
    lib.nameValuePair (environmentOf service) {
      content = lib.concatStrings (
        lib.mapAttrsToList (variable: secret: "${variable}=${placeholderOf "systemd" secret}\n") variables
      );
      units = [ (ruleForService service) ];
      manager = lib.all (secret: secret.manager) secrets;
      reads = reads.strictest (map (secret: secret.reads) secrets);
    };

  textOf =
    template:
    if template.content != null then
      template.content
    else if template.file != null && builtins.isPath template.file then
      builtins.readFile template.file
    else
      "";
  usesIn =
    template:
    map (found: {
      name = lib.head found;
      filter = lib.elemAt found 2;
    }) (lib.filter lib.isList (builtins.split "\\$\\{hushfs:([^}|]*)(\\|([^}]*))?}" (textOf template)));
in
{
  options.systemd.services = mkOption { type = types.attrsOf (types.submodule enrichment); };

  options.services.hushfs = {
    placeholder = computed ''config.services.hushfs.placeholder."db/password"'' ''
      What stands for the value of each secret in a template.
    '';
    filteredPlaceholder = computed ''config.services.hushfs.filteredPlaceholder.json."db/password"'' ''
      The same by filter, which makes a value fit: `json`, `shell`, `base64`, `urlencode`, and `systemd` for `EnvironmentFile=`.
    '';
    usesIn = mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      description = "`{ name, filter }` of each placeholder in a template; without a filter it is null.";
    };
  };

  config.services.hushfs = {
    inherit usesIn;
    placeholder = placeholders null;
    filteredPlaceholder = lib.genAttrs filters placeholders;
    templates = lib.mapAttrs' templateOf (
      lib.filterAttrs (_: { hushfs, ... }: hushfs.environment != { }) config.systemd.services
    );
  };
}
