# A new version of hushfs goes on with the same mount, under readers that aren't restarted and don't notice.
{ module, ... }:
{
  name = "hushfs-upgrade";

  nodes.machine =
    { pkgs, ... }:
    {
      imports = [ (import ./machine.nix { inherit module; }) ];
      services.hushfs.secrets.token = {
        text = "a token";
        units = [ "reader.service" ];
      };
      systemd.services.reader = {
        wantedBy = [ "multi-user.target" ];
        script = "while test \"$(cat /run/hushfs/token)\" = 'a token'; do :; done; exit 1";
      };

      specialisation.upgraded.configuration.services.hushfs.package =
        (pkgs.callPackage ../package.nix { }).overrideAttrs
          (old: {
            postInstall = (old.postInstall or "") + ''
              echo another build >"$out/another-build"
            '';
          });
    };

  testScript = ''
    def pid(unit):
        return machine.succeed(f"systemctl show --property=MainPID --value {unit}").strip()

    def mount():
        return machine.succeed("grep ' /run/hushfs ' /proc/self/mountinfo")

    machine.wait_for_unit("reader.service")
    before = (pid("reader"), mount())
    server = pid("hushfs")
    machine.succeed("/run/booted-system/specialisation/upgraded/bin/switch-to-configuration test")
    assert pid("hushfs") != server
    assert (pid("reader"), mount()) == before

    machine.succeed("systemctl kill --signal=KILL --kill-whom=all hushfs.service")
    machine.wait_until_succeeds("systemctl is-active hushfs.service")
    assert (pid("reader"), mount()) == before
  '';
}
