# The password of a user: there before the user is made, for root alone. Its value is what `mkpasswd` prints.
{ config, ... }:
{
  services.hushfs.secrets."users/alice" = {
    ageFile = ./secrets/alice-password.age;
    neededForUsers = true;
  };

  users.users.alice = {
    isNormalUser = true;
    hashedPasswordFile = config.services.hushfs.secrets."users/alice".path;
  };
}
