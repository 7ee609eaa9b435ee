# The configuration file of hushfs, from the options.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.hushfs;

  given = lib.filterAttrs (_: value: value != null);

  # Ciphertext of the configuration's own folder gets a store path that changes with its content alone.
  stored =
    file:
    if builtins.isPath file then
      "${builtins.path {
        path = file;
        name = lib.strings.sanitizeDerivationName (baseNameOf file);
      }}"
    else
      file;

  sourceOf =
    secret:
    given {
      sealed = lib.mapNullable stored secret.sealedFile;
      age = lib.mapNullable stored secret.ageFile;
      sops =
        if secret.sopsFile == null then
          null
        else
          given {
            file = stored secret.sopsFile;
            inherit (secret) key format;
          };
      credential = lib.mapNullable (file: {
        file = stored file;
        name = credentialOf secret;
      }) secret.credentialFile;
      vault = lib.mapNullable given secret.vault;
      exec = lib.mapNullable given secret.exec;
      inherit (secret) file text;
    };

  # The name of the file as it was before it got into the store.
  credentialOf =
    secret:
    if secret.credentialName != null then
      secret.credentialName
    else
      builtins.unsafeDiscardStringContext (baseNameOf secret.credentialFile);

  documentOf =
    secrets:
    lib.recursiveUpdate cfg.settings {
      inherit (cfg) mountPoint directoryMode;
      identities = cfg.identityPaths;
      secrets = lib.mapAttrs (
        name: secret: accessOf name secret // { source = sourceOf secret; }
      ) secrets;
    };

  # The mount for the users script has neither templates nor servers: it is there before any network.
  wholeDocument =
    documentOf (lib.filterAttrs (_: secret: !(cfg.isForUsers secret)) cfg.secrets)
    // lib.optionalAttrs (cfg.templates != { }) { templates = lib.mapAttrs templateOf cfg.templates; }
    // lib.optionalAttrs (cfg.vaults != { }) { vaults = lib.mapAttrs (_: vaultOf) cfg.vaults; };

  templateOf =
    name: template:
    accessOf name template
    // given {
      inherit (template) content;
      file = lib.mapNullable stored template.file;
    };

  # Without what isn't set, at any depth.
  vaultOf = lib.filterAttrsRecursive (_: value: value != null);

  accessOf =
    name: secret:
    given {
      inherit (secret)
        owner
        group
        mode
        userUnits
        manager
        reads
        restartUnits
        reloadUnits
        ;
      units = cfg.ruleOf name secret;
    };

  fileOf =
    name: document:
    pkgs.runCommand name
      {
        text = builtins.toJSON document;
        passAsFile = [ "text" ];
        preferLocalBuild = true;
      }
      ''
        ${lib.optionalString canCheck ''${lib.getExe cfg.package} check --config-only --config "$textPath"''}
        cp "$textPath" "$out"
      '';

  canCheck = cfg.checkConfig && pkgs.stdenv.buildPlatform.canExecute pkgs.stdenv.hostPlatform;

  computed =
    type: description:
    mkOption {
      inherit type description;
      internal = true;
      readOnly = true;
    };
in
{
  options.services.hushfs = {
    sourceOf = computed types.raw "The source of a secret, as the configuration file has it.";
    ruleOf = computed types.raw "The unit rule of a secret, with the services that are enriched by it.";
    document = computed types.raw "The content of the configuration file.";
    documentOf = computed types.raw "The content of a configuration file with these secrets.";
    fileOf = computed types.raw "A checked configuration file with this name and content.";
    configFile = computed types.path "The configuration file.";
  };

  config.services.hushfs = {
    inherit sourceOf documentOf fileOf;
    document = wholeDocument;
    configFile = fileOf "hushfs.yaml" cfg.document;
  };
}
