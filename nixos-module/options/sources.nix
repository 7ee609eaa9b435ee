# One option for each source. Exactly one of them is set (assertions.nix).
{
  lib,
  hushTypes,
  declare,
}:
{ ... }:
let
  inherit (declare) flag optional;
  inherit (lib) mkOption types;

  needed =
    type: example: description:
    mkOption { inherit type example description; };

  vault.options = {
    server =
      optional types.str "main"
        "One of {option}`services.hushfs.vaults`; it may be left out where there is one.";
    path =
      needed hushTypes.serverPath "kv/db"
        "Path of the secret as the `kv` command takes it: the mount, then the path.";
    field = needed types.str "password" "Field of the secret.";
    version = optional types.ints.positive 3 "A version of KV v2 to stay with, in place of the latest.";
    refresh =
      optional hushTypes.duration "5m"
        "How often to ask whether it changed, in place of every minute.";
  };

  exec.options = {
    command = needed (types.nonEmptyListOf types.str) [
      "/run/current-system/sw/bin/fetch"
      "db"
    ] "The program and its arguments.";
    timeout = optional hushTypes.duration "30s" "How long it may run, in place of ten seconds.";
    refresh = optional hushTypes.duration "5m" "How often it is run again.";
    environment = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = {
        REGION = "eu";
      };
      description = "Its environment, which is empty otherwise. It is in the Nix store.";
    };
    stale = flag false "Whether the last value stays when it fails.";
  };
in
{
  options = {
    sealedFile = optional hushTypes.cipherFile (lib.literalExpression "./secrets/db-password.sealed") ''
      A file of hushfs' own format, as `hushfs set` writes it. It is bound to the name of its secret.
    '';

    ageFile = optional hushTypes.cipherFile (lib.literalExpression "./secrets/db-password.age") ''
      A file of age, binary or armored, as agenix has them.
    '';

    sopsFile = optional hushTypes.cipherFile (lib.literalExpression "./secrets/app.yaml") ''
      A file of sops with age recipients: yaml, json, dotenv, ini or binary.
    '';

    key = optional (hushTypes.matching "keys joined by slashes" "[^/]+(/[^/]+)*") "db/password" ''
      The value in {option}`sopsFile`, as keys and positions: `db/hosts/0`. Without it the secret is the whole document, in its own format.
    '';

    format = optional (types.enum [
      "yaml"
      "json"
      "dotenv"
      "ini"
      "binary"
    ]) "yaml" "The format of {option}`sopsFile`, where its name doesn't say it.";

    credentialFile = optional hushTypes.cipherFile "/etc/credstore.encrypted/db-password" ''
      A file of `systemd-creds encrypt`. systemd opens it for the server when that starts, and doesn't start it with one that is damaged.
    '';

    credentialName = optional hushTypes.credentialName "db-password" ''
      The name that is embedded in {option}`credentialFile`, where it isn't that of the file.
    '';

    vault = optional (types.submodule vault) {
      path = "kv/db";
      field = "password";
    } "A field of a secret in Vault or OpenBao.";

    exec = optional (types.submodule exec) { command = [ "/run/current-system/sw/bin/fetch" ]; } ''
      What a program prints. It is run without a shell.
    '';

    file = optional hushTypes.privateFile "/root/db-password" ''
      A file with the plaintext. For tests and migration: needs {option}`services.hushfs.allowPlaintext`.
    '';

    text = optional lib.types.str "not a secret" ''
      The plaintext itself, which everyone reads in the Nix store. For tests: needs {option}`services.hushfs.allowPlaintext`.
    '';
  };
}
