# The flake's checks: the module with nixpkgs' own lib, and in virtual machines.
{ pkgs }:
let
  inherit (pkgs) lib;
  module = ../.;
  hardcodedSecrets = ../hardcoded-secrets.nix;

  run =
    file: arguments: pkgs.testers.runNixOSTest (import file ({ inherit lib module; } // arguments));

  # The contract's matrix: what selfhostblocks and nixpkgs ask of a provider.
  wanted = {
    root = {
      owner = "root";
      group = "root";
      mode = "0400";
      content = "a super secret secret!";
    };
    user = {
      owner = "me";
      group = "us";
      mode = "640";
      content = "secretA";
    };
  };
  # The names that the published versions have for the two halves.
  versions = {
    rfc189 = {
      request = "input";
      result = "output";
    };
    module = {
      request = "request";
      result = "response";
    };
    registry = {
      request = "request";
      result = "result";
    };
  };
  contract =
    provider: providerModule: providerRoot: secret:
    lib.concatMapAttrs (
      version: names:
      lib.mapAttrs' (
        who: values:
        lib.nameValuePair "contract-${provider}-${version}-${who}" (
          run ./contract.nix {
            inherit names providerModule providerRoot;
            wanted = values;
            secret = secret values.content;
          }
        )
      ) wanted
    ) versions;
in
contract "hushfs" module [ "services" "hushfs" "secrets" "a/secret" ] (text: {
  inherit text;
})
//
  contract "hardcoded" hardcodedSecrets [ "testing" "hardcodedSecrets" "secrets" "secret" ]
    (content: {
      inherit content;
    })
// lib.genAttrs [
  "rule"
  "reboot"
  "switch"
  "dynamic-user"
  "load-credential"
  "upgrade"
  "users"
] (name: run (./. + "/${name}.nix") { })
// {
  users-userborn = run ./users.nix { userborn = true; };
  evaluation = pkgs.callPackage ./evaluation.nix { };
  format = pkgs.runCommand "nixfmt" { nativeBuildInputs = [ pkgs.nixfmt ]; } ''
    find ${module} -name '*.nix' -exec nixfmt --check {} +
    touch "$out"
  '';
}
