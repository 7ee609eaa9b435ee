# One server of Vault or OpenBao.
{ lib, hushTypes }:
{ ... }:
let
  inherit (lib) mkOption types;
  inherit (import ./declare.nix { inherit lib; }) optional;
  inherit (hushTypes) word;
  # Read by the server when it signs in: never from the store.
  file = hushTypes.privateFile;

  needed =
    type: example: description:
    mkOption { inherit type example description; };
  mount =
    default:
    mkOption {
      type = hushTypes.authMount;
      inherit default;
      example = "${default}-hosts";
      description = "Where the auth method is mounted.";
    };
  method =
    options: example: description:
    optional (types.submodule { inherit options; }) example description;
in
{
  options = {
    address = needed hushTypes.serverAddress "https://vault.example:8200" "Where the server is.";
    namespace = optional word "team" "The namespace of its secrets and of the login.";
    caFile =
      optional types.path "/etc/ssl/certs/internal.pem"
        "Certificates that its own is checked with, in place of the public ones.";
    maxStale =
      optional hushTypes.duration "1h"
        "How long values are kept while it doesn't answer, in place of a day.";
    timeout =
      optional hushTypes.duration "5s"
        "How long one request may take, in place of ten seconds.";

    auth = mkOption {
      description = "How to sign in: exactly one of these.";
      example = {
        tokenFile = "/run/vault-token";
      };
      type = types.submodule {
        options = {
          tokenFile = optional file "/run/vault-token" "A file with a token.";
          approle =
            method
              {
                roleId = optional word "5f3c0f2b-0000" "The RoleID itself.";
                roleIdFile = optional file "/var/lib/hushfs/role-id" "A file with the RoleID, in its place.";
                secretIdFile = needed file "/var/lib/hushfs/secret-id" "A file with the SecretID.";
                mount = mount "approle";
              }
              {
                roleId = "5f3c0f2b-0000";
                secretIdFile = "/var/lib/hushfs/secret-id";
              }
              "AppRole.";
          cert =
            method
              {
                certFile = needed types.path "/var/lib/hushfs/host.pem" "The client certificate.";
                keyFile = needed file "/var/lib/hushfs/host.key" "Its private key.";
                role = optional word "web" "The certificate role.";
                mount = mount "cert";
              }
              {
                certFile = "/var/lib/hushfs/host.pem";
                keyFile = "/var/lib/hushfs/host.key";
              }
              "A TLS client certificate.";
          jwt =
            method
              {
                role = needed word "web" "The role to sign in as.";
                jwtFile = needed file "/run/token.jwt" "A file with the JWT.";
                mount = mount "jwt";
              }
              {
                role = "web";
                jwtFile = "/run/token.jwt";
              }
              "A JWT, such as a workload identity.";
        };
      };
    };
  };
}
