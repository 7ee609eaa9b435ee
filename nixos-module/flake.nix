{
  description = "hushfs: a read-only filesystem of secrets";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      eachSystem = function: lib.genAttrs systems (system: function nixpkgs.legacyPackages.${system});
    in
    {
      nixosModules = {
        default = ./default.nix;
        hushfs = ./default.nix;
        hardcodedSecrets = ./hardcoded-secrets.nix;
      };

      lib = import ./lib { inherit lib; };

      overlays.default = final: _: { hushfs = final.callPackage ./package.nix { }; };

      packages = eachSystem (pkgs: rec {
        hushfs = pkgs.callPackage ./package.nix { };
        default = hushfs;
      });

      formatter = eachSystem (pkgs: pkgs.nixfmt);

      checks = eachSystem (
        pkgs:
        {
          package = self.packages.${pkgs.stdenv.hostPlatform.system}.default;
        }
        // import ./tests { inherit pkgs; }
      );
    };
}
