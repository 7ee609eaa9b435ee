# One option for each source. Exactly one of them is set (assertions.nix).
{
  lib,
  hushTypes,
  declare,
}:
{ ... }:
let
  inherit (declare) optional;
in
{
  options = {
    sealedFile = optional hushTypes.cipherFile (lib.literalExpression "./secrets/db-password.sealed") ''
      A file of hushfs' own format, as `hushfs set` writes it. It is bound to the name of its secret.
    '';

    ageFile = optional hushTypes.cipherFile (lib.literalExpression "./secrets/db-password.age") ''
      A file of age, binary or armored, as agenix has them.
    '';

    file = optional hushTypes.privateFile "/root/db-password" ''
      A file with the plaintext. For tests and migration: needs {option}`services.hushfs.allowPlaintext`.
    '';

    text = optional lib.types.str "not a secret" ''
      The plaintext itself, which everyone reads in the Nix store. For tests: needs {option}`services.hushfs.allowPlaintext`.
    '';
  };
}
