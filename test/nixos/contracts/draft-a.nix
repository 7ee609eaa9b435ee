# The first draft of `lib.contracts` (lib/contracts/file-secrets.nix at 970a7a3): `input` and `output`, linked by the user.
{ provider, entry }:
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.services.app.password = {
    input = mkOption {
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
    output = mkOption {
      type = types.submodule { options.path = mkOption { type = types.str; }; };
    };
  };
  config = lib.mkMerge [
    { services.app.password.output = (lib.getAttrFromPath provider config).output; }
    (lib.setAttrByPath provider (entry // { inherit (config.services.app.password) input; }))
  ];
}
