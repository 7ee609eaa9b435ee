# A service with a dynamic user: through a credential, through EnvironmentFile=, and enriched as RFC 59 has it.
{ module, ... }:
{
  name = "hushfs-dynamic-user";

  nodes.machine =
    { config, lib, ... }:
    {
      imports = [ (import ./machine.nix { inherit module; }) ];
      services.hushfs.secrets = {
        token = {
          text = "a token";
          units = [ "credential.service" ];
        };
        env = {
          text = "TOKEN='from the environment'\n";
          units = [ "environment.service" ];
        };
        "asked/for".text = "asked for";
      };
      systemd.services =
        lib.mapAttrs
          (
            _:
            lib.recursiveUpdate {
              serviceConfig = {
                Type = "oneshot";
                RemainAfterExit = true;
                DynamicUser = true;
                PrivateTmp = true;
              };
            }
          )
          {
            credential = {
              script = ''cat "$CREDENTIALS_DIRECTORY/token"; echo'';
              serviceConfig.LoadCredential = [ "token:${config.services.hushfs.secrets.token.path}" ];
            };
            environment = {
              script = ''echo "$TOKEN"'';
              serviceConfig.EnvironmentFile = config.services.hushfs.secrets.env.path;
            };
            variable = {
              hushfs.environment.TOKEN = "asked/for";
              script = ''echo "$TOKEN"'';
            };
            enriched = {
              hushfs.secrets = [ "asked/for" ];
              script = ''cat "$CREDENTIALS_DIRECTORY/asked.for"; echo'';
            };
          };
    };

  testScript = ''
    machine.wait_for_unit("multi-user.target")
    for unit, said in {"credential": "a token", "environment": "from the environment", "enriched": "asked for", "variable": "asked for"}.items():
        machine.succeed(f"systemctl start {unit}.service")
        machine.succeed(f"journalctl --unit={unit}.service --output=cat | grep -Fx '{said}'")

    # RFC 59: for the service alone, for as long as it runs.
    machine.fail("cat /run/hushfs/asked/for")
    machine.succeed("test -e /run/credentials/enriched.service/asked.for")
    machine.fail("runuser -u app -- cat /run/credentials/enriched.service/asked.for")
    machine.succeed("systemctl stop enriched.service")
    machine.fail("test -e /run/credentials/enriched.service")
  '';
}
