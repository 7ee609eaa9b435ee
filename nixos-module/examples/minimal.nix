# The first secret, for whoever has SSH on the host and its host key as an age recipient.
{
  services.openssh.enable = true;
  services.hushfs = {
    enable = true;
    secrets."db/password" = {
      ageFile = ./secrets/db-password.age;
      owner = "postgres";
    };
  };
}
