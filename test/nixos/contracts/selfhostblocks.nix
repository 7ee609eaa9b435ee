# selfhostblocks (modules/contracts/secret.nix): `request`, which has `restartUnits`, and `result`.
{ provider, entry }:
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.services.app.password = {
    request = mkOption {
      default = {
        mode = "0440";
        owner = "app";
        group = "app";
        restartUnits = [ "app.service" ];
      };
      type = types.submodule {
        options = {
          mode = mkOption { type = types.str; };
          owner = mkOption { type = types.str; };
          group = mkOption { type = types.str; };
          restartUnits = mkOption { type = types.listOf types.str; };
        };
      };
    };
    result = mkOption {
      type = types.submodule { options.path = mkOption { type = types.path; }; };
    };
  };
  config = lib.mkMerge [
    { systemd.services.app.script = "app"; }
    { services.app.password.result = (lib.getAttrFromPath provider config).result; }
    (lib.setAttrByPath provider (entry // { inherit (config.services.app.password) request; }))
  ];
}
