# Mistakes in who may read a file of the mount and where it is, of secrets and of templates. Each message names the option, and what to do.
{ config, lib, ... }:
let
  cfg = config.services.hushfs;
  hushTypes = import ./options/types.nix { inherit lib; };

  # On a path that a secret and a template share, template-assertions.nix speaks.
  optionOf =
    name: ''services.hushfs.${if cfg.templates ? ${name} then "templates" else "secrets"}."${name}"'';
  each = function: lib.concatLists (lib.mapAttrsToList function cfg.files);
  unless = broken: message: {
    assertion = !broken;
    inherit message;
  };

  ofFile =
    name: file:
    let
      option = optionOf name;
    in
    [
      (unless (!(hushTypes.secretName.check name) || lib.stringLength name > 255)
        "${option}: the name of a secret has 1 to 255 characters of A-Z a-z 0-9 . _ @ : + -, in segments joined by slashes; none is empty or starts with a dot."
      )
      (unless (
        !file.manager && cfg.ruleOf name file == null && file.userUnits == null
      ) "${option}.manager = false refuses nobody without a rule: set ${option}.units.")
    ]
    ++ map (
      folder:
      unless (cfg.files ? ${folder})
        "${option} would be in the folder ${folder}, but ${optionOf folder} is a file on that path. Rename one of them."
    ) (foldersOf name)
    ++ lib.concatMap (list: map (unitExists "${option}.${list}") (unitsIn file.${list})) [
      "units"
      "restartUnits"
      "reloadUnits"
    ];

  foldersOf =
    name:
    let
      parts = lib.splitString "/" name;
    in
    map (count: lib.concatStringsSep "/" (lib.take count parts)) (lib.range 1 (lib.length parts - 1));

  unitsIn = units: lib.optionals (units != null) units;

  # Of a service that is named in full only: scopes and the like are made at run time.
  unitExists =
    option: unit:
    let
      service = lib.removeSuffix ".service" unit;
      template = builtins.match "([^@]*@).+" service;
      isKnown =
        config.systemd.services ? ${service}
        || builtins.match ".*[*?].*|user@.*" unit != null
        || !(lib.hasSuffix ".service" unit)
        || lib.elem unit cfg.externalUnits
        || (template != null && config.systemd.services ? ${lib.head template});
    in
    unless (!isKnown)
      "${option}: there is no systemd.services.\"${service}\". Correct the name, or list it in services.hushfs.externalUnits if it comes from a package.";

  # The places at which each path is claimed.
  claims = lib.groupBy (claim: claim.path) (
    each (
      name: file:
      map (path: {
        inherit path;
        option = "${optionOf name}.symlinks";
      }) file.symlinks
    )
  );
  isMounted = path: lib.hasPrefix "${cfg.mountPoint}/" path || path == cfg.mountPoint;
  ofLinks = path: places: [
    (unless (isMounted path) "${(lib.head places).option}: ${path} is below services.hushfs.mountPoint, where nothing can be made.")
    (unless (lib.length places > 1)
      "Two secrets are on the path ${path}: ${
        lib.concatMapStringsSep ", " (place: place.option) places
      }. Leave one."
    )
  ];
in
{
  config = lib.mkIf cfg.enable {
    assertions = each ofFile ++ lib.concatLists (lib.mapAttrsToList ofLinks claims);
  };
}
