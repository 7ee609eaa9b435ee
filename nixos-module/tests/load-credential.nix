# A file that `hushfs set` has sealed for the SSH host key, which the server has as a credential; its reader has the value as one.
{ module, ... }:
{
  name = "hushfs-load-credential";

  nodes.machine =
    { config, ... }:
    {
      imports = [ (import ./machine.nix { inherit module; }) ];
      services.openssh.enable = true;
      services.hushfs.secrets.sealed = {
        sealedFile = "/var/lib/hushfs/store/sealed.sealed";
        units = [ "reader.service" ];
      };
      systemd.services.reader = {
        script = ''cat "$CREDENTIALS_DIRECTORY/sealed"; echo'';
        serviceConfig = {
          Type = "oneshot";
          DynamicUser = true;
          LoadCredential = [ "sealed:${config.services.hushfs.secrets.sealed.path}" ];
        };
      };
    };

  testScript = ''
    machine.wait_for_unit("sshd.service")
    machine.succeed("printf 'with the host key' >/run/plain")
    machine.succeed("hushfs set sealed --from /run/plain && systemctl restart hushfs.service")
    machine.succeed("systemctl start reader.service")
    machine.succeed("journalctl --unit=reader.service --output=cat | grep -Fx 'with the host key'")
    machine.succeed("test $(stat -c %a /var/lib/hushfs/store) = 2750")
  '';
}
