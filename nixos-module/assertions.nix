# Mistakes that would show only on the running system. Each message names the option, and what to do.
{ config, lib, ... }:
let
  cfg = config.services.hushfs;
  hushTypes = import ./options/types.nix { inherit lib; };
  inherit (import ./lib { inherit lib; }) credentialId;

  optionOf = name: ''services.hushfs.secrets."${name}"'';
  sources = import ./options/source-names.nix;
  all = sources.sealed ++ sources.live ++ sources.plaintext;

  each = function: lib.concatLists (lib.mapAttrsToList function cfg.secrets);
  unless = broken: message: {
    assertion = !broken;
    inherit message;
  };

  given = secret: lib.filter (source: secret.${source} != null) all;

  ofSecret =
    name: secret:
    let
      option = optionOf name;
      found = given secret;
      plaintext = lib.intersectLists found sources.plaintext;
    in
    [
      (unless (!(hushTypes.secretName.check name) || lib.stringLength name > 255)
        "${option}: the name of a secret has 1 to 255 characters of A-Z a-z 0-9 . _ @ : + -, in segments joined by slashes; none is empty or starts with a dot."
      )
      (unless (lib.length found != 1) (
        if found == [ ] then
          "${option} has no source: set one of ${lib.concatStringsSep ", " (all)}."
        else
          "${option} has more than one source: ${lib.concatStringsSep ", " found}. Leave one."
      ))
      (unless (plaintext != [ ] && !cfg.allowPlaintext)
        "${option}.${lib.head (plaintext ++ [ "" ])} is plaintext, for tests and migration. Seal it (`hushfs set`), or set services.hushfs.allowPlaintext."
      )
      (unless (
        !secret.manager && cfg.ruleOf name secret == null && secret.userUnits == null
      ) "${option}.manager = false refuses nobody without a rule: set ${option}.units.")
      (unless (
        secret.neededForUsers
        && (cfg.ruleOf name secret != null || secret.userUnits != null || secret.symlinks != [ ])
      ) "${option}.neededForUsers: units, userUnits and symlinks have no meaning before there are users.")
      (unless (
        secret.neededForUsers
        && !(lib.elem secret.owner [
          "root"
          0
        ])
      ) "${option}.owner: a secret that is neededForUsers is root's; there is no other user yet.")
    ]
    ++ map (
      folder:
      unless (cfg.secrets ? ${folder})
        "${option} would be in the folder ${folder}, but ${optionOf folder} is a file on that path. Rename one of them."
    ) (foldersOf name)
    ++ lib.concatMap (option': map (unitExists "${option}.${option'}") (unitsIn secret.${option'})) [
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
      template = "${lib.head (lib.splitString "@" service)}@";
      isKnown =
        !(lib.hasSuffix ".service" unit)
        || lib.any (wildcard: lib.hasInfix wildcard unit) [
          "*"
          "?"
        ]
        || lib.elem unit cfg.externalUnits
        || lib.hasPrefix "user@" unit
        || config.systemd.services ? ${service}
        || (lib.hasInfix "@" service && config.systemd.services ? ${template});
    in
    unless (!isKnown)
      "${option}: there is no systemd.services.\"${service}\". Correct the name, or list it in services.hushfs.externalUnits if it comes from a package.";

  # The places at which each path is claimed.
  claims = lib.groupBy (claim: claim.path) (
    each (
      name: secret:
      map (path: {
        inherit path;
        option = "${optionOf name}.symlinks";
      }) secret.symlinks
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

  ofService =
    service:
    { hushfs, ... }:
    let
      option = ''systemd.services."${service}".hushfs.secrets'';
      ids = map credentialId hushfs.secrets;
    in
    map (
      name: unless (!(cfg.secrets ? ${name})) "${option}: there is no ${optionOf name}."
    ) hushfs.secrets
    ++ lib.optional (hushfs.secrets != [ ]) (
      unless (
        lib.length (lib.unique ids) != lib.length ids
      ) "${option}: two of them would be the same credential; a slash and a colon both become a dot."
    );

  needsIdentity = lib.any (secret: lib.intersectLists (given secret) sources.opened != [ ]) (
    lib.attrValues cfg.secrets
  );
in
{
  config = lib.mkIf cfg.enable {
    assertions = [
      (unless (needsIdentity && cfg.identityPaths == [ ])
        "services.hushfs.identityPaths is empty, so nothing opens the secrets. Enable services.openssh, whose host keys are the default, or name a private key."
      )
    ]
    ++ each ofSecret
    ++ lib.concatLists (lib.mapAttrsToList ofLinks claims)
    ++ lib.concatLists (lib.mapAttrsToList ofService config.systemd.services);
  };
}
