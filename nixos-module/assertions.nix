# Mistakes in where values come from, and in what services ask for. Each message names the option, and what to do.
{ config, lib, ... }:
let
  cfg = config.services.hushfs;
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
      (unless (lib.length found != 1) (
        if found == [ ] then
          "${option} has no source: set one of ${lib.concatStringsSep ", " all}."
        else
          "${option} has more than one source: ${lib.concatStringsSep ", " found}. Leave one."
      ))
      (unless (plaintext != [ ] && !cfg.allowPlaintext)
        "${option}.${lib.head (plaintext ++ [ "" ])} is plaintext, for tests and migration. Seal it (`hushfs set`), or set services.hushfs.allowPlaintext."
      )
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
    ];

  ofService =
    service:
    { hushfs, ... }:
    let
      option = ''systemd.services."${service}".hushfs'';
      ids = map credentialId hushfs.secrets;
    in
    map (
      name: unless (!(cfg.files ? ${name})) "${option}.secrets: there is no ${optionOf name}."
    ) hushfs.secrets
    ++ lib.optional (hushfs.secrets != [ ]) (
      unless (lib.length (lib.unique ids) != lib.length ids)
        "${option}.secrets: two of them would be the same credential; a slash and a colon both become a dot."
    )
    ++ lib.concatLists (lib.mapAttrsToList (ofVariable "${option}.environment") hushfs.environment);

  # PID 1 reads the environment.
  ofVariable =
    option: variable: name:
    let
      secret = cfg.secrets.${name} or null;
    in
    [
      (unless (
        builtins.match "[A-Za-z_][A-Za-z0-9_]*" variable == null
      ) "${option}.\"${variable}\" is not the name of a variable.")
      (unless (secret == null) "${option}.\"${variable}\": there is no ${optionOf name}.")
      (unless (secret != null && !secret.manager)
        "${option}.\"${variable}\" is read by PID 1, which ${optionOf name}.manager = false refuses. Use hushfs.secrets, or let it."
      )
    ];

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
    ++ lib.concatLists (lib.mapAttrsToList ofService config.systemd.services);
  };
}
