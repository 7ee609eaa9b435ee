# A TLS key for nginx, whose master process reads it as nginx' user here, and again on a reload.
{ config, ... }:
{
  services.hushfs.secrets."nginx/tls-key" = {
    ageFile = ./secrets/tls-key.age;
    owner = "nginx";
    group = "nginx";
    units = [ "nginx.service" ];
    reloadUnits = [ "nginx.service" ];
  };

  services.nginx = {
    enable = true;
    virtualHosts."www.example" = {
      onlySSL = true;
      sslCertificate = "/etc/ssl/certs/www.example.pem";
      sslCertificateKey = config.services.hushfs.secrets."nginx/tls-key".path;
    };
  };
}
