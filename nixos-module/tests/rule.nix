# A unit rule: its unit reads, root elsewhere and another unit of the same user don't.
{ module, ... }:
{
  name = "hushfs-rule";

  nodes.machine =
    { config, ... }:
    let
      read = {
        script = "cat ${config.services.hushfs.secrets."foo/token".path}";
        serviceConfig = {
          Type = "oneshot";
          User = "app";
        };
      };
    in
    {
      imports = [ (import ./machine.nix { inherit module; }) ];
      services.hushfs.secrets."foo/token" = {
        text = "for foo";
        owner = "app";
        units = [ "foo.service" ];
      };
      systemd.services.foo = read;
      systemd.services.bar = read;
    };

  testScript = ''
    machine.wait_for_unit("multi-user.target")
    machine.succeed("systemctl start foo.service")
    machine.succeed("journalctl --unit=foo.service --output=cat | grep -Fx 'for foo'")
    machine.fail("systemctl start bar.service")
    machine.fail("cat /run/hushfs/foo/token")
    machine.succeed("grep ' /run/hushfs .* - fuse.hushfs ' /proc/self/mountinfo")
    machine.succeed("hushfs audit --denied --secret foo/token | grep bar.service")
  '';
}
