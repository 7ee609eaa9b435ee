# NixOS module of hushfs.
{
  imports = [
    ./options
    ./configuration.nix
    ./assertions.nix
    ./access-assertions.nix
    ./service.nix
    ./ready.nix
    ./enrich.nix
    ./templates.nix
    ./template-assertions.nix
    ./contract.nix
    ./users.nix
  ];
}
