# Every example evaluates as a whole NixOS, up to the system's own derivation, which is not built.
{
  lib,
  pkgs,
  runCommand,
}:
let
  examples = lib.filterAttrs (name: _: lib.hasSuffix ".nix" name && name != "stash.nix") (
    builtins.readDir ../examples
  );
  systemOf =
    name:
    (import (pkgs.path + "/nixos/lib/eval-config.nix") {
      inherit (pkgs.stdenv.hostPlatform) system;
      modules = [
        ../.
        (../examples + "/${name}")
        {
          services.openssh.enable = true;
          boot.loader.grub.enable = false;
          fileSystems."/".device = "/dev/vda";
          system.stateVersion = lib.trivial.release;
        }
      ];
    }).config.system.build.toplevel.drvPath;
in
runCommand "hushfs-examples" {
  systems = map (name: builtins.unsafeDiscardStringContext (systemOf name)) (lib.attrNames examples);
} ''printf '%s\n' $systems >"$out"''
