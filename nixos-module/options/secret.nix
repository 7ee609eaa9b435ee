# One secret: where its value comes from, and who may read it.
{
  lib,
  hushTypes,
  # name of the secret -> whether it is needed for users -> path
  pathOf,
}:
{ name, config, ... }:
let
  inherit (lib) mkOption types;
  declare = import ./declare.nix { inherit lib; };
  inherit (declare) flag;
in
{
  imports = [
    (import ./sources.nix { inherit lib hushTypes declare; })
    (import ./access.nix { inherit lib hushTypes declare; })
    (import ./contract.nix { inherit lib; })
  ];

  options = {
    neededForUsers = flag false ''
      Whether the secret is a password of {option}`users.users.<name>.hashedPasswordFile`. It is then there before users are made, for root alone.
    '';

    path = mkOption {
      type = types.str;
      readOnly = true;
      default = pathOf name config.neededForUsers;
      defaultText = lib.literalExpression ''"''${config.services.hushfs.mountPoint}/''${name}"'';
      example = "/run/hushfs/db/password";
      description = "Where the secret is on the running system.";
    };
  };
}
