# A program that takes its secret from the environment. PID 1 reads the file: `manager`, which is the default, lets it.
{ config, ... }:
{
  services.hushfs.secrets."app/env" = {
    ageFile = ./secrets/app-env.age;
    units = [ "app.service" ];
    manager = true;
    restartUnits = [ "app.service" ];
  };

  systemd.services.app = {
    wantedBy = [ "multi-user.target" ];
    script = ''test -n "$API_TOKEN"'';
    serviceConfig = {
      Type = "oneshot";
      DynamicUser = true;
      EnvironmentFile = config.services.hushfs.secrets."app/env".path;
    };
  };
}
