# hushfs as a provider in nixpkgs PR 506343's registry, where there is one, and the catalogue of who consumes what.
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.hushfs;

  registry = config.contracts.fileSecrets;
  requests = registry.providerRequests.hushfs or registry.requests;

  # The registry's tree has requests at any depth; a secret is named by the path to its own.
  walk =
    function: path: tree:
    if tree ? request then
      function path tree
    else
      lib.mapAttrs (name: walk function (path ++ [ name ])) tree;
  nameOf = lib.concatStringsSep "/";
  leaves = lib.collect (leaf: leaf ? secretName) (
    walk (path: leaf: {
      secretName = nameOf path;
      inherit (leaf) request;
    }) [ ] requests
  );

  # As `hushfs catalog --json` has it, and what only NixOS knows.
  entryOf = name: file: {
    inherit (file)
      path
      owner
      group
      mode
      userUnits
      manager
      reads
      restartUnits
      reloadUnits
      symlinks
      ;
    units = cfg.ruleOf name file;
  };
  secretOf =
    name: secret:
    entryOf name secret
    // {
      inherit (secret) neededForUsers;
      source = lib.concatStringsSep " " (lib.attrNames (cfg.sourceOf secret));
    };
  templateOf =
    name: template:
    entryOf name template
    // {
      source = "template";
      inputs = lib.unique (map (use: use.name) (cfg.usesIn template));
    };

in
{
  options.services.hushfs = {
    fileSecrets = mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      description = "The requests that the registry routes to hushfs, in its shape, with their results.";
    };

    catalog = mkOption {
      type = types.raw;
      readOnly = true;
      defaultText = lib.literalMD "computed";
      example = lib.literalExpression "builtins.toJSON config.services.hushfs.catalog";
      description = ''
        Each secret and template with its path, its owner, group and mode, its kind of source and the units that consume it, in the form of
        `hushfs catalog --json`; on the running system {file}`/etc/hushfs/catalog.json`. There is no secret in it.
      '';
    };
  };

  config = lib.mkMerge [
    {
      services.hushfs.fileSecrets =
        if options ? contractDefinitions then
          walk (path: leaf: {
            inherit (leaf) request;
            inherit (cfg.secrets.${nameOf path}) result;
          }) [ ] requests
        else
          { };
      services.hushfs.catalog = {
        inherit (cfg) mountPoint;
        secrets = lib.mapAttrs secretOf cfg.secrets // lib.mapAttrs templateOf cfg.templates;
      };
      environment.etc = lib.mkIf cfg.enable {
        "hushfs/catalog.json".text = builtins.toJSON cfg.catalog;
      };
    }
    (lib.optionalAttrs (options ? contractDefinitions) {
      contracts.fileSecrets.providers.hushfs = {
        module = options.services.hushfs.fileSecrets;
        contract = [ ];
      };
      services.hushfs.secrets = lib.listToAttrs (
        map (
          leaf: lib.nameValuePair leaf.secretName { request = lib.mapAttrs (_: lib.mkDefault) leaf.request; }
        ) leaves
      );
    })
  ];
}
