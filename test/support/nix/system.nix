# One configuration of the module, evaluated with nixpkgs' own `lib`, and what tests look at.
{
  nixpkgs,
  # Where the programs of the packages are on the system that the units are for.
  places ? {
    hushfs = "/opt/hushfs/package";
    system = "/usr";
  },
}:
let
  lib = import (nixpkgs + "/lib");

  package = name: place: {
    type = "derivation";
    inherit name;
    outPath = place;
    meta.mainProgram = name;
  };

  # A file that a package would build is its own text.
  pkgs = {
    runtimeShell = "/bin/sh";
    util-linux = package "util-linux" places.system;
    callPackage = _: _: package "hushfs" places.hushfs;
    writeText = name: text: builtins.toFile name text;
    runCommand =
      name: arguments: script:
      builtins.seq script (builtins.toFile name arguments.text);
    stdenv.buildPlatform.canExecute = _: true;
    stdenv.hostPlatform.system = "x86_64-linux";
  };

  base = {
    imports = [
      ./nixos.nix
      ../../../nixos-module
    ];
    _module.args = { inherit pkgs; };
    systemd.package = package "systemd" places.system;
    services.hushfs.enable = lib.mkDefault true;
  };

  evaluate = module: lib.evalModules { modules = [ base ] ++ lib.toList module; };

  serviceOf =
    {
      path,
      restartTriggers,
      reloadTriggers,
      ...
    }@service:
    removeAttrs service [
      "_module"
      "path"
      "restartTriggers"
      "reloadTriggers"
    ];

  view =
    { config, ... }:
    {
      failed = map (one: one.message) (lib.filter (one: !one.assertion) config.assertions);
      inherit (config.services.hushfs)
        document
        usersDocument
        catalog
        identityPaths
        configFile
        ;
      secretPaths = lib.mapAttrs (_: secret: secret.path) config.services.hushfs.secrets;
      results = lib.mapAttrs (_: secret: [
        secret.result.path
        secret.output.path
        secret.response.path
        secret.secret.output.path
      ]) config.services.hushfs.secrets;
      services = lib.mapAttrs (_: serviceOf) config.systemd.services;
      inherit (config.systemd) paths;
      tmpfiles = config.systemd.tmpfiles.settings;
      scripts = config.system.activationScripts;
      etc = lib.attrNames config.environment.etc;
    };

  # Each option and, below submodules, each of theirs. A `literalExpression` is text, and can't be checked.
  optionsOf = evaluated: map describe (withNested evaluated.options);
  withNested =
    options:
    lib.concatMap (option: [ option ] ++ withNested (removeAttrs (nestedIn option) [ "_module" ])) (
      lib.collect lib.isOption options
    );
  nestedIn =
    option: if option.visible or true == true then option.type.getSubOptions option.loc else { };
  describe = option: {
    name = lib.showOption option.loc;
    isDocumented = (option.description or null) != null && option.description != "";
    hasExample = option ? example;
    exampleFits = option ? example -> option.example ? _type || option.type.check option.example;
    isInternal = option.internal or false || !(option.visible or true);
  };
in
{
  inherit
    lib
    pkgs
    evaluate
    view
    optionsOf
    ;
}
