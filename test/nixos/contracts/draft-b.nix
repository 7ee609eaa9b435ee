# The contract as a module (nixos/modules/contracts/file-secrets.nix at ab91d4c): `request` and `response`.
{ provider, entry }:
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.services.app.password = mkOption {
    default = { };
    type = types.submodule {
      options = {
        request = mkOption {
          default = { };
          type = types.submodule {
            options = {
              mode = mkOption {
                type = types.str;
                default = "0440";
              };
              owner = mkOption {
                type = types.str;
                default = "app";
              };
              group = mkOption {
                type = types.str;
                default = "app";
              };
            };
          };
        };
        response = mkOption {
          type = types.submodule { options.path = mkOption { type = types.str; }; };
        };
      };
    };
  };
  config = lib.mkMerge [
    { services.app.password.response = (lib.getAttrFromPath provider config).response; }
    (lib.setAttrByPath provider (entry // { inherit (config.services.app.password) request; }))
  ];
}
