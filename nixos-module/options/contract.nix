# The file-secrets contract of one secret, under the names of every published draft.
{ lib }:
{ config, ... }:
let
  inherit (lib) mkOption types;
  fileSecrets = (import ../lib { inherit lib; }).fileSecrets;

  result = description: {
    type = types.submodule {
      options.path = mkOption {
        type = types.str;
        readOnly = true;
        default = config.path;
        defaultText = lib.literalExpression "config.path";
        example = "/run/hushfs/db/password";
        description = "Where the secret is on the running system.";
      };
    };
    default = { };
    example = { };
    inherit description;
  };
  mkResult = description: mkOption (result description);
  fromRequest = lib.mkOverride 1250;
in
{
  imports = [
    # RFC 189 and draft A call the request `input`.
    (lib.mkAliasOptionModule [ "input" ] [ "request" ])
  ];

  options = {
    request = fileSecrets.mkRequest { };

    result = mkResult "What a consumer of the secret takes: the file-secrets contract's result.";
    output = mkResult "The same as `result`, as RFC 189 and its first drafts name it.";
    response = mkResult "The same as `result`, as nixpkgs' `contracts/file-secrets.nix` names it.";

    secret = mkOption {
      default = { };
      example = lib.literalExpression "{ consumer = config.services.app.password; }";
      description = ''
        The provider's end of a link as RFC 189 makes it:
        `services.hushfs.secrets.x.secret.consumer = config.services.app.password` and
        `services.app.password.provider = config.services.hushfs.secrets.x.secret`.
      '';
      type = types.submodule {
        options = {
          consumer = mkOption {
            type = types.nullOr types.raw;
            default = null;
            example = lib.literalExpression "config.services.app.password";
            description = "The consumer, whose `input` becomes the request.";
          };
          output = mkResult "What the consumer takes.";
        };
      };
    };
  };

  config = {
    request = lib.mkIf (config.secret.consumer != null) (
      lib.mapAttrs (_: lib.mkDefault) config.secret.consumer.input
    );
    # Weaker than an mkDefault of the configuration.
    owner = fromRequest config.request.owner;
    group = fromRequest config.request.group;
    mode = fromRequest config.request.mode;
    restartUnits = config.request.restartUnits;
  };
}
