# NixOS module of hushfs.
{
  imports = [
    ./options
    ./configuration.nix
    ./assertions.nix
    ./service.nix
    ./ready.nix
    ./enrich.nix
    ./contract.nix
    ./users.nix
  ];
}
