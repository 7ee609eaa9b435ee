# A program that wants its secrets inside its configuration file. The file is made of them when they are opened, is no wider than they are, and
# changes when one of them does.
{ config, ... }:
let
  inherit (config.services.hushfs) filteredPlaceholder templates;
  units = [ "app.service" ];
in
{
  services.hushfs = {
    secrets."db/password" = {
      ageFile = ./secrets/db-password.age;
      inherit units;
    };
    secrets."app/token" = {
      ageFile = ./secrets/token.age;
      inherit units;
    };
    templates."app.json" = {
      content = ''
        {
          "database": "postgres://app:${filteredPlaceholder.urlencode."db/password"}@db/app",
          "token": ${filteredPlaceholder.json."app/token"}
        }
      '';
      inherit units;
      restartUnits = units;
    };
  };

  systemd.services.app = {
    wantedBy = [ "multi-user.target" ];
    script = "exec app --config ${templates."app.json".path}";
  };
}
