# A container that sees one secret, at a path of its own, and sees it change. All that runs in it is one unit for the rule.
{ config, ... }:
{
  services.hushfs.secrets."web/token" = {
    ageFile = ./secrets/token.age;
    mode = "0444";
    units = [ "container@web.service" ];
  };

  containers.web = {
    autoStart = true;
    privateNetwork = true;
    bindMounts."/run/secrets/token" = {
      hostPath = config.services.hushfs.secrets."web/token".path;
      isReadOnly = true;
    };
    config = { };
  };
}
