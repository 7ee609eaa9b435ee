# A certificate's key for PostgreSQL, which wants it to be owned by its user, and reads it again on a reload.
{ config, ... }:
let
  inherit (config.services.hushfs) secrets;
in
{
  services.hushfs.secrets."postgresql/tls-key" = {
    ageFile = ./secrets/tls-key.age;
    owner = "postgres";
    group = "postgres";
    mode = "0400";
    units = [ "postgresql.service" ];
    reloadUnits = [ "postgresql.service" ];
  };

  services.postgresql = {
    enable = true;
    settings = {
      ssl = true;
      ssl_cert_file = "/etc/ssl/certs/db.example.pem";
      ssl_key_file = secrets."postgresql/tls-key".path;
    };
  };
}
