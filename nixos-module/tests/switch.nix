# A switch with a changed secret reloads the server; the unit that wants to know is restarted, no other.
{ module, ... }:
{
  name = "hushfs-switch";

  nodes.machine =
    { lib, ... }:
    {
      imports = [ (import ./machine.nix { inherit module; }) ];
      services.hushfs.secrets.changing = {
        text = lib.mkDefault "old";
        restartUnits = [ "restarted.service" ];
      };
      services.hushfs.secrets.reloading = {
        text = lib.mkDefault "old";
        reloadUnits = [ "reloaded.service" ];
      };
      systemd.services =
        lib.genAttrs [ "restarted" "kept" ] (_: {
          wantedBy = [ "multi-user.target" ];
          script = "exec sleep infinity";
        })
        // {
          reloaded = {
            wantedBy = [ "multi-user.target" ];
            script = "exec sleep infinity";
            reload = "touch /run/reloaded";
          };
        };

      specialisation.changed.configuration.services.hushfs.secrets = {
        changing.text = "new";
        reloading.text = "new";
        another.text = "another";
      };
    };

  testScript = ''
    def pid(unit):
        return machine.succeed(f"systemctl show --property=MainPID --value {unit}").strip()

    def switch(name):
        machine.succeed(f"/run/booted-system/specialisation/{name}/bin/switch-to-configuration test")

    machine.wait_for_unit("multi-user.target")
    machine.succeed("test ! -e /run/reloaded")
    before = {unit: pid(unit) for unit in ["hushfs", "restarted", "kept", "reloaded"]}
    assert machine.succeed("cat /run/hushfs/changing") == "old"

    machine.succeed("/run/booted-system/bin/switch-to-configuration test")
    for unit, main in before.items():
        assert pid(unit) == main, f"{unit} was restarted, and nothing changed"

    switch("changed")
    assert machine.succeed("cat /run/hushfs/changing") == "new"
    assert machine.succeed("cat /run/hushfs/another") == "another"
    machine.wait_until_succeeds(f"test $(systemctl show --property=MainPID --value restarted) != {before['restarted']}")
    machine.wait_for_file("/run/reloaded")
    for unit in ["hushfs", "kept", "reloaded"]:
        assert pid(unit) == before[unit], f"{unit} was restarted"
  '';
}
