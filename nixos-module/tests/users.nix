# Passwords of users: there before the users are made, and with the classical script nothing is left afterwards.
{
  lib,
  module,
  userborn ? false,
  ...
}:
let
  # mkpasswd --method=yescrypt --rounds=1 of `secret`: here only that it arrives counts.
  hash = "$y$j75$test$value";
in
{
  name = "hushfs-users";

  nodes.machine =
    { config, ... }:
    {
      imports = [ (import ./machine.nix { inherit module; }) ];
      services.userborn.enable = userborn;
      services.hushfs.secrets = {
        password = {
          text = hash;
          neededForUsers = true;
        };
        of-the-user = {
          text = "of the user";
          owner = "alice";
        };
      };
      users.users.alice = {
        isNormalUser = true;
        hashedPasswordFile = config.services.hushfs.secrets.password.path;
      };
    };

  testScript = ''
    machine.wait_for_unit("multi-user.target")
    machine.succeed("getent shadow alice | grep -F '${hash}'")
    machine.succeed("test $(stat -c %U /run/hushfs/of-the-user) = alice")
    ${lib.optionalString (!userborn) ''
      machine.fail("test -e /run/hushfs-for-users")
      machine.fail("test -e /run/hushfs/password")
    ''}
    machine.succeed("/run/current-system/bin/switch-to-configuration test")
    machine.succeed("getent shadow alice | grep -F '${hash}'")
    machine.succeed("test $(stat -c %U /run/hushfs/of-the-user) = alice")
  '';
}
