# Mistakes in templates and servers. Each message names the option, and what to do.
{ config, lib, ... }:
let
  cfg = config.services.hushfs;
  inherit (import ./lib { inherit lib; }) matchesGlob;
  unless = broken: message: {
    assertion = !broken;
    inherit message;
  };

  filters = lib.attrNames cfg.filteredPlaceholder;
  textOf =
    template:
    if template.content != null then
      template.content
    else if template.file != null && builtins.isPath template.file then
      builtins.readFile template.file
    else
      "";

  # `{ name, filter }` of each placeholder; a filter that isn't there is null.
  usesIn =
    text:
    map (found: {
      name = lib.head found;
      filter = lib.elemAt found 2;
    }) (lib.filter lib.isList (builtins.split "\\$\\{hushfs:([^}|]*)(\\|([^}]*))?}" text));

  # Whether a rule of the template lets in a unit that the secret's refuses. A pattern covers another that it matches as a text.
  isCovered = rule: unit: lib.any (glob: matchesGlob glob unit) rule;
  orNone = list: lib.optionals (list != null) list;
  hasRule = rule: entry: rule != null || entry.userUnits != null;
  isWider =
    rule: secret: template:
    hasRule rule secret
    && (
      !(hasRule template.units template)
      || !(lib.all (isCovered (orNone rule)) (orNone template.units))
      || !(lib.all (isCovered (orNone secret.userUnits)) (orNone template.userUnits))
      || (template.manager && !secret.manager)
    );

  ofUse =
    option: template:
    { name, filter }:
    let
      secret = cfg.secrets.${name} or null;
    in
    [
      (unless (secret == null) "${option}: there is no services.hushfs.secrets.\"${name}\".")
      (unless (filter != null && !(lib.elem filter filters))
        "${option}: there is no filter ${toString filter}; there are ${lib.concatStringsSep ", " filters}."
      )
      (unless (secret != null && isWider (cfg.ruleOf name secret) secret template)
        "${option} may be read by more than services.hushfs.secrets.\"${name}\" in it: its units, userUnits and manager may not be wider."
      )
    ];

  ofTemplate =
    name: template:
    let
      option = "services.hushfs.templates.\"${name}\"";
    in
    [
      (unless (
        (template.content == null) == (template.file == null)
      ) "${option}: set exactly one of content and file.")
      (unless (
        cfg.secrets ? ${name}
      ) "${option} and services.hushfs.secrets.\"${name}\" are on one path. Rename one of them.")
    ]
    ++ lib.concatMap (ofUse option template) (usesIn (textOf template));

  ofVault =
    name:
    { auth, ... }:
    unless (lib.length (lib.filter (method: method != null) (lib.attrValues auth)) != 1)
      "services.hushfs.vaults.\"${name}\".auth: set exactly one of ${lib.concatStringsSep ", " (lib.attrNames auth)}.";

  servers = lib.attrNames cfg.vaults;
  ofSource =
    name: secret:
    let
      option = "services.hushfs.secrets.\"${name}\"";
      inherit (secret) vault;
    in
    [
      (unless (
        secret.sopsFile == null && (secret.key != null || secret.format != null)
      ) "${option}: key and format belong to sopsFile, which isn't set.")
    ]
    ++ lib.optionals (vault != null) [
      (unless (
        vault.server != null && !(lib.elem vault.server servers)
      ) "${option}.vault.server: there is no services.hushfs.vaults.\"${toString vault.server}\".")
      (unless (vault.server == null && lib.length servers != 1)
        "${option}.vault.server: name one of services.hushfs.vaults, of which there are ${toString (lib.length servers)}."
      )
    ];
in
{
  config = lib.mkIf cfg.enable {
    assertions =
      lib.concatLists (lib.mapAttrsToList ofTemplate cfg.templates)
      ++ lib.mapAttrsToList ofVault cfg.vaults
      ++ lib.concatLists (lib.mapAttrsToList ofSource cfg.secrets);
  };
}
