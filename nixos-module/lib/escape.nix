# Names as systemd spells them.
{ lib }:
let
  inherit (lib)
    concatMapStrings
    fixedWidthString
    replaceStrings
    stringToCharacters
    toHexString
    toLower
    ;

  # unit-name.c, do_escape_char: backslash, x, two hexadecimal digits.
  escaped =
    character: "\\x" + fixedWidthString 2 "0" (toLower (toHexString (lib.strings.charToInt character)));

  isPlain = character: builtins.match "[A-Za-z0-9:_.]" character != null;

  escapeCharacter =
    character:
    if character == "/" then
      "-"
    else if isPlain character then
      character
    else
      escaped character;

  segments = path: lib.filter (part: part != "" && part != ".") (lib.splitString "/" path);
in
{
  # As `systemd-escape --path` does. The path is ASCII.
  escapeSystemdPath =
    path:
    let
      clean = lib.concatStringsSep "/" (segments path);
      first = builtins.substring 0 1 clean;
      rest = builtins.substring 1 (-1) clean;
    in
    if clean == "" then
      "-"
    else
      (if first == "." then escaped first else escapeCharacter first)
      + concatMapStrings escapeCharacter (stringToCharacters rest);

  # The name of a secret as the name of a credential, which has neither slash nor colon.
  credentialId = replaceStrings [ "/" ":" ] [ "." "." ];
}
