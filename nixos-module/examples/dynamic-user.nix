# A service without a user of its own. systemd reads the secret as root within the service's cgroup, so the rule lets it.
{ config, ... }:
{
  services.hushfs.secrets."app/token" = {
    ageFile = ./secrets/token.age;
    units = [ "app.service" ];
    restartUnits = [ "app.service" ];
  };

  systemd.services.app = {
    wantedBy = [ "multi-user.target" ];
    script = ''cat "$CREDENTIALS_DIRECTORY/token"'';
    serviceConfig = {
      Type = "oneshot";
      DynamicUser = true;
      LoadCredential = [ "token:${config.services.hushfs.secrets."app/token".path}" ];
    };
  };
}
