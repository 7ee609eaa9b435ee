# Options of the file-secrets contract (nixpkgs PRs 432529, 495303 and 506343, selfhostblocks): a consumer says which owner, group and
# mode a file needs, a provider says where it is. The drafts differ in the names of the two halves only.
{ lib }:
let
  inherit (lib) mkOption types;

  requestOptions =
    {
      mode ? "0400",
      owner ? "root",
      group ? "root",
      restartUnits ? [ ],
    }:
    {
      mode = mkOption {
        type = types.str;
        default = mode;
        example = "0440";
        description = "Mode the secret file must have.";
      };
      owner = mkOption {
        type = types.str;
        default = owner;
        example = "postgres";
        description = "Linux user that must own the secret file.";
      };
      group = mkOption {
        type = types.str;
        default = group;
        example = "postgres";
        description = "Linux group that must own the secret file.";
      };
      restartUnits = mkOption {
        type = types.listOf types.str;
        default = restartUnits;
        example = [ "postgresql.service" ];
        description = "Units to restart when the secret changes (selfhostblocks' addition to the contract).";
      };
    };

  mkRequest =
    request:
    mkOption {
      description = "What the consumer of the secret needs: the file-secrets contract's request.";
      default = { };
      example = {
        owner = "postgres";
      };
      type = types.submodule { options = requestOptions request; };
    };

  mkResult =
    {
      path ? null,
    }:
    mkOption (
      {
        description = "Where the secret is: the file-secrets contract's result, which a provider sets.";
        example = {
          path = "/run/hushfs/db/password";
        };
        type = types.submodule {
          options.path = mkOption (
            {
              type = types.str;
              example = "/run/hushfs/db/password";
              description = ''
                Path to the file containing the secret generated out of band.

                This path will exist after deploying to a target host, it is not available through the nix store.
              '';
            }
            // lib.optionalAttrs (path != null) { default = path; }
          );
        };
      }
      // lib.optionalAttrs (path != null) { default = { }; }
    );
in
{
  inherit requestOptions mkRequest mkResult;

  # Type of an option that takes a provider's result or, as before the contract, a plain path. Its value has `result.path` either way.
  #
  # `request`: arguments of mkRequest.
  mkConsumerType =
    request:
    types.coercedTo types.path
      (path: {
        # A Nix path would copy the secret into the world-readable store.
        result.path = toString path;
      })
      (
        types.submodule {
          options = {
            request = mkRequest request;
            result = mkResult { };
          };
        }
      );
}
