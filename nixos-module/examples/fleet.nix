# Hosts that get their secrets from one OpenBao: the same module on each. A host signs in as itself, and finds what is its own and what all share.
{ config, ... }:
let
  host = config.networking.hostName;
in
{
  services.hushfs = {
    vaults.main = {
      address = "https://bao.example:8200";
      caFile = "/etc/ssl/certs/internal.pem";
      auth.approle = {
        roleId = "host-${host}";
        secretIdFile = "/var/lib/hushfs/secret-id";
      };
    };
    secrets = {
      "host/key" = {
        vault = {
          path = "kv/hosts/${host}";
          field = "key";
        };
        units = [ "app.service" ];
      };
      "shared/token" = {
        vault = {
          path = "kv/shared";
          field = "token";
          refresh = "5m";
        };
        units = [ "app.service" ];
        restartUnits = [ "app.service" ];
      };
    };
  };

  systemd.services.app.hushfs.secrets = [
    "host/key"
    "shared/token"
  ];
  systemd.services.app.script = "exec app";
}
