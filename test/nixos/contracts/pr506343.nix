# The registry of nixpkgs PR 506343 (lib/contracts at 5dac308): consumers say what they want in `contracts.fileSecrets.want`, the user names a
# provider once, and results come back in `contracts.fileSecrets.results`. This is its interface as far as a provider sees it.
{ entry, ... }:
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  raw =
    default:
    mkOption {
      type = types.raw;
      inherit default;
    };
  contract = config.contracts.fileSecrets;
  leaves =
    function: tree:
    if tree ? request || tree ? result then function tree else lib.mapAttrs (_: leaves function) tree;
  request = types.submodule {
    options = {
      mode = mkOption {
        type = types.str;
        default = "0400";
      };
      owner = mkOption { type = types.str; };
      group = mkOption { type = types.str; };
    };
  };
  reference = contract.defaultProvider;
in
{
  options = {
    contractDefinitions = raw { };
    contracts.fileSecrets = {
      want = mkOption {
        type = types.attrsOf (
          types.attrsOf (types.submodule { options.request = mkOption { type = request; }; })
        );
        default = { };
      };
      requests = raw (leaves (leaf: { inherit (leaf) request; }) contract.want);
      providers = mkOption { type = types.attrsOf types.raw; };
      defaultProvider = raw null;
      results = raw (
        leaves (leaf: leaf.result) (
          if reference ? contract then
            lib.getAttrFromPath reference.contract reference.module.value
          else
            reference.module.value.fileSecrets
        )
      );
    };
    services.app.password.result = raw contract.results.app.password;
  };
  config = {
    contracts.fileSecrets.defaultProvider = contract.providers.hushfs;
    contracts.fileSecrets.want.app.password.request = {
      mode = "0440";
      owner = "app";
      group = "app";
    };
    services.hushfs.secrets."app/password" = entry;
  };
}
