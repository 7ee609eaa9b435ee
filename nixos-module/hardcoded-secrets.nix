# A provider of the file-secrets contract for tests: the secrets are in the Nix store, and on the running system in files that have the owner,
# group and mode that were asked for. After `testing.hardcoded-secret` of nixpkgs PR 495303.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.testing.hardcodedSecrets;
  inherit (import ./lib { inherit lib; }) fileSecrets;
  hushTypes = import ./options/types.nix { inherit lib; };

  secret =
    { name, config, ... }:
    let
      mkResult =
        description:
        fileSecrets.mkResult { path = "${cfg.directory}/${name}"; }
        // {
          readOnly = true;
          inherit description;
        };
    in
    {
      imports = [ (lib.mkAliasOptionModule [ "input" ] [ "request" ]) ];
      options = {
        request = fileSecrets.mkRequest { };
        result = mkResult "What a consumer of the secret takes.";
        output = mkResult "The same as `result`, as RFC 189 names it.";
        response = mkResult "The same as `result`, as nixpkgs' `contracts/file-secrets.nix` names it.";
        content = mkOption {
          type = types.str;
          example = "a super secret secret!";
          description = "The secret itself, which everyone reads in the Nix store.";
        };
      };
    };

  # The file has its owner and mode before there is anything in it.
  install =
    name:
    {
      request,
      result,
      content,
      ...
    }:
    ''
      mkdir -p "$(dirname ${lib.escapeShellArg result.path})"
      rm -f ${lib.escapeShellArg result.path}
      install -m 0000 /dev/null ${lib.escapeShellArg result.path}
      chown ${lib.escapeShellArg "${request.owner}:${request.group}"} ${lib.escapeShellArg result.path}
      chmod ${lib.escapeShellArg request.mode} ${lib.escapeShellArg result.path}
      cat ${pkgs.writeText "hardcoded-secret" content} >${lib.escapeShellArg result.path}
    '';
in
{
  options.testing.hardcodedSecrets = {
    directory = mkOption {
      type = hushTypes.absolute;
      default = "/run/hardcodedsecrets";
      example = "/run/secrets";
      description = "The folder of the files.";
    };
    secrets = mkOption {
      type = types.attrsOf (types.submodule secret);
      default = { };
      example = lib.literalExpression ''{ token = { request.owner = "me"; content = "My Secret"; }; }'';
      description = "Hardcoded secrets by name. These should only be used in tests.";
    };
  };

  config.system.activationScripts = lib.mapAttrs' (
    name: secret:
    lib.nameValuePair "hardcodedSecret-${name}" (
      lib.stringAfter [
        "users"
        "groups"
      ] (install name secret)
    )
  ) cfg.secrets;
}
