# RFC 59: a service asks for secrets, and gets them for as long as it runs. Rule, order and credential follow.
{
  services.hushfs.secrets."app/token".ageFile = ./secrets/token.age;

  systemd.services.app = {
    wantedBy = [ "multi-user.target" ];
    hushfs.secrets = [ "app/token" ];
    script = ''cat "$CREDENTIALS_DIRECTORY/app.token"'';
    serviceConfig = {
      Type = "oneshot";
      DynamicUser = true;
      PrivateTmp = true;
    };
  };
}
