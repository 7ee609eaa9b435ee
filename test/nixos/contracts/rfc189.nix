# RFC 189 (nixpkgs PR 432529, nixos/modules/contracts/secret.nix at 1990c0b): `input` and `output`, and a link by `provider` and `consumer`.
{ provider, entry }:
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  str = mkOption { type = types.str; };
in
{
  options.services.app.password = mkOption {
    type = types.submodule (consumer: {
      options = {
        provider = mkOption {
          type = types.submodule {
            options.consumer = mkOption { type = types.raw; };
            options.output = mkOption {
              type = types.submodule { options.path = mkOption { type = types.path; }; };
            };
          };
        };
        input = mkOption {
          type = types.submodule {
            options = {
              mode = str;
              owner = str;
              group = str;
            };
          };
        };
        output = mkOption {
          type = types.submodule { options.path = mkOption { type = types.path; }; };
          readOnly = true;
          default = consumer.config.provider.output;
        };
      };
    });
  };
  config = lib.mkMerge [
    {
      services.app.password.input = {
        mode = "0440";
        owner = "app";
        group = "app";
      };
      services.app.password.provider = (lib.getAttrFromPath provider config).secret;
    }
    (lib.setAttrByPath provider (entry // { secret.consumer = config.services.app.password; }))
  ];
}
