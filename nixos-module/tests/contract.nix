# The generic test of the file-secrets contract: the same assertions in every published version, whose names for its halves are `names`.
{
  lib,
  names,
  providerModule,
  providerRoot,
  wanted,
  secret,
  ...
}:
{
  name = "hushfs-contract";

  nodes.machine.imports = [
    providerModule
    (lib.optionalAttrs (lib.head providerRoot == "services") {
      services.hushfs = {
        enable = true;
        allowPlaintext = true;
      };
    })
    (lib.setAttrByPath providerRoot (
      secret // { ${names.request} = { inherit (wanted) owner group mode; }; }
    ))
    (lib.optionalAttrs (wanted.owner != "root") { users.users.${wanted.owner}.isNormalUser = true; })
    (lib.optionalAttrs (wanted.group != "root") { users.groups.${wanted.group} = { }; })
  ];

  testScript =
    { nodes, ... }:
    let
      inherit ((lib.getAttrFromPath providerRoot nodes.machine).${names.result}) path;
    in
    ''
      owner = machine.succeed("stat -c '%U' ${path}").strip()
      assert owner == "${wanted.owner}", f"owner is {owner}"
      group = machine.succeed("stat -c '%G' ${path}").strip()
      assert group == "${wanted.group}", f"group is {group}"
      mode = int(machine.succeed("stat -c '%a' ${path}").strip())
      assert mode == int("${wanted.mode}"), f"mode is {mode}"
      content = machine.succeed("cat ${path}").strip()
      assert content == "${wanted.content}", f"content is {content}"
    '';
}
