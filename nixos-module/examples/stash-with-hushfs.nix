# Stash's three secrets from hushfs: what it requests goes one way, where they are the other.
{ config, ... }:
let
  inherit (config.services) hushfs stash;
in
{
  imports = [ ./stash.nix ];

  services.hushfs.secrets = {
    "stash/password" = {
      ageFile = ./secrets/token.age;
      inherit (stash.passwordFile) request;
      units = [ "stash.service" ];
    };
    "stash/jwt" = {
      ageFile = ./secrets/token.age;
      inherit (stash.jwtSecretKeyFile) request;
      units = [ "stash.service" ];
    };
    # A path, as before: no contract is needed on the consumer's side.
    "stash/session" = {
      ageFile = ./secrets/token.age;
      owner = stash.user;
      units = [ "stash.service" ];
    };
  };

  services.stash = {
    enable = true;
    username = "admin";
    passwordFile.result = hushfs.secrets."stash/password".result;
    jwtSecretKeyFile.result = hushfs.secrets."stash/jwt".result;
    sessionStoreKeyFile = hushfs.secrets."stash/session".path;
  };
}
