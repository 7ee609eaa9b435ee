# What module authors use without hushfs itself: options of the file-secrets contract, and names as systemd spells them.
{ lib }:
let
  contract = import ./contract.nix { inherit lib; };
  escape = import ./escape.nix { inherit lib; };
  units = import ./units.nix { inherit lib; };
in
{
  fileSecrets = contract;
  inherit (escape) escapeSystemdPath credentialId;
  inherit (units) ruleForService matchesGlob;
}
