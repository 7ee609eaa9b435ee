# The file-secrets contract of one secret, under the names of every published draft.
#
# Its halves are options within the secret's own, for submodules and aliases in each of a thousand secrets take seconds to evaluate.
{ lib }:
{ config, ... }:
let
  inherit (lib) mkOption types;
  fileSecrets = (import ../lib { inherit lib; }).fileSecrets;

  request = fileSecrets.requestOptions { };

  result = description: {
    path = mkOption {
      type = types.str;
      readOnly = true;
      default = config.path;
      defaultText = lib.literalExpression "config.path";
      example = "/run/hushfs/db/password";
      inherit description;
    };
  };
  fromRequest = lib.mkOverride 1250;

  asked = if config.input != null then config.input else config.secret.consumer.input or { };
in
{
  options = {
    inherit request;

    input = mkOption {
      type = types.nullOr (types.submodule { options = request; });
      default = null;
      example = {
        owner = "postgres";
      };
      description = "The same as `request`, as RFC 189 and its first drafts name it.";
    };

    result = result "What a consumer of the secret takes: the file-secrets contract's result.";
    output = result "The same as {option}`result.path`, as RFC 189 and its first drafts name it.";
    response = result "The same as {option}`result.path`, as nixpkgs' `contracts/file-secrets.nix` names it.";

    # The provider's end of a link as RFC 189 makes it.
    secret = {
      consumer = mkOption {
        type = types.nullOr types.raw;
        default = null;
        example = lib.literalExpression "config.services.app.password";
        description = ''
          The consumer, whose `input` becomes the request, where both ends are linked as RFC 189 does:
          `services.hushfs.secrets.x.secret.consumer = config.services.app.password` and
          `services.app.password.provider = config.services.hushfs.secrets.x.secret`.
        '';
      };
      output = result "What the consumer takes.";
    };
  };

  config = {
    request = lib.mapAttrs (name: _: lib.mkIf (asked ? ${name}) (lib.mkDefault asked.${name})) request;
    # Weaker than an mkDefault of the configuration.
    owner = fromRequest config.request.owner;
    group = fromRequest config.request.group;
    mode = fromRequest config.request.mode;
    restartUnits = config.request.restartUnits;
  };
}
