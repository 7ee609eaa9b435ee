# Strict types: what the configuration's own parser would refuse is refused at evaluation, with the name of the option.
{ lib }:
let
  inherit (lib) types;
  matching =
    description: pattern:
    types.strMatching pattern
    // {
      inherit description;
      descriptionClass = "noun";
    };
  unitTypes = "service|scope|socket|target|device|mount|automount|swap|timer|path|slice";
  glob = "([A-Za-z0-9:_.\\\\@*?-]+\\.(${unitTypes})|[A-Za-z0-9:_.\\\\@*?-]*[*?])";
  account = "[^[:space:]:,/]+";
  absolute = matching "absolute path without white space" "/[^[:space:]%]*";
  outsideStore =
    description:
    types.addCheck absolute (path: !(lib.hasPrefix "${builtins.storeDir}/" path))
    // {
      inherit description;
    };
in
{
  inherit absolute matching;

  # A private key, or plaintext: a Nix path would be copied into the world-readable store.
  privateFile = outsideStore "absolute path, as a string, to a file outside of the Nix store";

  # Read when the configuration is checked, which is where the system is built.
  storedFile =
    types.addCheck types.path (
      file: builtins.isPath file || lib.hasPrefix "${builtins.storeDir}/" "${file}"
    )
    // {
      description = "path of a file beside the configuration";
    };

  # Ciphertext may be in the store.
  cipherFile = types.path;

  mode = matching "octal mode such as \"0400\"" "0?[0-7]{3}";

  account = types.either (matching "name of a user or group" account) types.ints.unsigned;

  unitGlob = matching "unit name such as postgresql.service or backup@*.service" glob;

  userUnitGlob = matching "user and unit such as alice/syncthing.service" "${account}/${glob}";

  unitName = matching "unit name such as postgresql.service" "[A-Za-z0-9:_.\\\\@-]+\\.(${unitTypes})";

  duration = matching "duration such as 30s, 5m or 1h" "[1-9][0-9]{0,6}(s|m|h)";

  credentialName = matching "name of a credential" "[A-Za-z0-9_@+-][A-Za-z0-9._@+-]{0,254}";

  # Not encrypted on the way to this machine itself only.
  serverAddress = matching "address such as https://vault.example:8200, without user, query and fragment" "https://[^][:space:]@?#]+|http://(localhost|127\\.[0-9]+\\.[0-9]+\\.[0-9]+|\\[::1])(:[0-9]+)?(/[^][:space:]@?#]*)?";

  word = matching "word without spaces" "[!-~]+";

  authMount = matching "path of an auth method such as approle" "[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*";

  serverPath =
    types.addCheck
      (matching "path such as kv/db, without empty parts" "/?[^/[:cntrl:]]+(/[^/[:cntrl:]]+)+/?")
      (path: builtins.match "(.*/)?\\.\\.?(/.*)?" path == null)
    // {
      description = "path such as kv/db, without empty parts, `.` and `..`";
    };

  secretName = matching "name of a secret" "[A-Za-z0-9_@:+-][A-Za-z0-9._@:+-]*(/[A-Za-z0-9_@:+-][A-Za-z0-9._@:+-]*)*";
}
