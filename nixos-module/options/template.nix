# One template: a file with the values of secrets in it.
{
  lib,
  hushTypes,
  mountPoint,
}:
{ name, ... }:
let
  declare = import ./declare.nix { inherit lib; };
in
{
  imports = [ (import ./access.nix { inherit lib hushTypes declare; }) ];

  options = {
    content =
      declare.optional lib.types.str
        (lib.literalExpression ''"URL=postgres://app:''${config.services.hushfs.placeholder."db/password"}@db/app"'')
        "The text, with placeholders where values belong.";

    file = declare.optional hushTypes.storedFile (lib.literalExpression "./app.env.template") ''
      A file with the text, in place of {option}`content`. Values belong where it has `''${hushfs:NAME}` or `''${hushfs:NAME|FILTER}`.
    '';

    path = lib.mkOption {
      type = lib.types.str;
      readOnly = true;
      default = "${mountPoint}/${name}";
      defaultText = lib.literalExpression ''"''${config.services.hushfs.mountPoint}/''${name}"'';
      example = "/run/hushfs/app.env";
      description = "Where the file is on the running system.";
    };
  };
}
