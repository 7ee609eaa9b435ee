# A secret is there after each boot, for a unit that reads it at start and for one that orders nothing.
{ module, ... }:
{
  name = "hushfs-reboot";

  nodes.machine = {
    imports = [ (import ./machine.nix { inherit module; }) ];
    services.hushfs.secrets = {
      ruled = {
        text = "ruled";
        units = [ "ruled.service" ];
      };
      open.text = "open";
    };
    systemd.services.ruled = {
      wantedBy = [ "multi-user.target" ];
      script = "cat /run/hushfs/ruled";
      serviceConfig.Type = "oneshot";
    };
    systemd.services.open = {
      wantedBy = [ "multi-user.target" ];
      script = "cat /run/hushfs/open";
      serviceConfig.Type = "oneshot";
    };
  };

  testScript = ''
    for _ in range(3):
        machine.wait_for_unit("multi-user.target")
        for unit in ["ruled", "open"]:
            machine.succeed(f"journalctl --boot --unit={unit}.service --output=cat | grep -Fx {unit}")
        machine.fail("journalctl --boot | grep 'ordering cycle'")
        machine.shutdown()
        machine.start()
  '';
}
