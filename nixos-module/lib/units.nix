# Units in rules.
{ lib }:
{
  # The rule for a service of `systemd.services`: that of a template is about its instances.
  ruleForService =
    service: if lib.hasSuffix "@" service then "${service}*.service" else "${service}.service";

  # Whether a glob of a rule matches: `*` and `?` stand for any characters and one, everything else for itself.
  matchesGlob =
    glob: unit:
    glob == unit
    ||
      builtins.match (lib.replaceStrings [ "\\*" "\\?" ] [ ".*" "." ] (lib.escapeRegex glob)) unit
      != null;
}
