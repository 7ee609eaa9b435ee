# Mistakes in templates and servers. Each message names the option, and what to do.
{ config, lib, ... }:
let
  cfg = config.services.hushfs;
  inherit (import ./lib { inherit lib; }) matchesGlob;
  reads = import ./lib/reads.nix { inherit lib; };
  unless = broken: message: {
    assertion = !broken;
    inherit message;
  };

  filters = lib.attrNames cfg.filteredPlaceholder;
  # Whether a rule of the template lets in a unit that the secret's refuses. A pattern covers another that it matches as a text.
  isCovered = rule: unit: lib.any (glob: matchesGlob glob unit) rule;
  orNone = list: lib.optionals (list != null) list;
  hasRule = rule: entry: rule != null || entry.userUnits != null;
  isWider =
    secret: template:
    (
      hasRule secret.rule secret
      && (
        !(hasRule template.rule template)
        || !(lib.all (isCovered (orNone secret.rule)) (orNone template.rule))
        || !(lib.all (isCovered (orNone secret.userUnits)) (orNone template.userUnits))
        || (template.manager && !secret.manager)
      )
    )
    || !(reads.isWithin secret.reads template.reads);
  withRule = name: file: file // { rule = cfg.ruleOf name file; };

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
      (unless (secret != null && isWider (withRule name secret) template)
        "${option} may be read by more than services.hushfs.secrets.\"${name}\" in it: its units, userUnits, manager and reads may not be wider."
      )
      (unless (secret != null && cfg.isForUsers secret)
        "${option}: services.hushfs.secrets.\"${name}\" is neededForUsers, and there before any template."
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
    ++ lib.concatMap (ofUse option (withRule name template)) (cfg.usesIn template);

  ofVault =
    name:
    { auth, ... }:
    let
      option = "services.hushfs.vaults.\"${name}\"";
    in
    [
      (unless (
        builtins.match "[A-Za-z0-9][A-Za-z0-9_-]{0,63}" name == null
      ) "${option}: the name of a server has 1 to 64 letters, digits, _ and -.")
      (unless (
        lib.length (lib.filter (method: method != null) (lib.attrValues auth)) != 1
      ) "${option}.auth: set exactly one of ${lib.concatStringsSep ", " (lib.attrNames auth)}.")
      (unless (
        auth.approle != null && (auth.approle.roleId == null) == (auth.approle.roleIdFile == null)
      ) "${option}.auth.approle: set exactly one of roleId and roleIdFile.")
    ];

  # By their names, under which systemd has one for the server.
  credentials = lib.groupBy (one: one.name) (
    lib.concatLists (
      lib.mapAttrsToList (
        secret:
        { source, ... }:
        lib.optional (source ? credential) (source.credential // { inherit secret; })
      ) cfg.document.secrets
    )
  );
  ofCredential = name: all: [
    (unless (lib.length (lib.unique (map (one: one.file) all)) > 1)
      "${
        lib.concatMapStringsSep ", " (one: ''services.hushfs.secrets."${one.secret}".credentialFile'') all
      } are different files for one credential, ${name}. Give one of them another name when it is encrypted."
    )
  ];

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
      (unless (
        secret.credentialFile == null && secret.credentialName != null
      ) "${option}: credentialName belongs to credentialFile, which isn't set.")
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
      ++ lib.concatLists (lib.mapAttrsToList ofVault cfg.vaults)
      ++ lib.concatLists (lib.mapAttrsToList ofSource cfg.secrets)
      ++ lib.concatLists (lib.mapAttrsToList ofCredential credentials);
  };
}
