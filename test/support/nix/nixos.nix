# The options of NixOS that the module writes to or reads, without NixOS: nixpkgs' `lib` has none of them.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  of = type: default: mkOption { inherit type default; };
  anything = of (types.attrsOf types.anything) { };
  names = of (types.listOf types.str) [ ];
  flag = of types.bool;

  unit = of (types.attrsOf (
    types.oneOf [
      types.bool
      types.int
      types.str
      (types.listOf types.str)
    ]
  )) { };

  script = types.coercedTo types.str (text: { inherit text; }) (
    types.submodule {
      options = {
        text = of types.lines "";
        deps = names;
      };
    }
  );

  service =
    { config, ... }:
    {
      options =
        lib.genAttrs [
          "after"
          "before"
          "conflicts"
          "documentation"
          "requiredBy"
          "requires"
          "wantedBy"
          "wants"
        ] (_: names)
        // {
          description = of types.str "";
          environment = of (types.attrsOf types.str) { };
          unitConfig = unit;
          serviceConfig = unit;
          script = of types.lines "";
          reload = of types.lines "";
          preStart = of types.lines "";
          path = of (types.listOf types.anything) [ ];
          enableDefaultPath = flag true;
          restartIfChanged = flag true;
          stopIfChanged = flag true;
          restartTriggers = of (types.listOf types.anything) [ ];
          reloadTriggers = of (types.listOf types.anything) [ ];
        };
      config = lib.mkIf (config.script != "") {
        serviceConfig.ExecStart = "/bin/sh -c ${lib.escapeShellArg config.script}";
      };
    };
in
{
  options = {
    assertions = of (types.listOf types.attrs) [ ];
    warnings = names;
    system.activationScripts = of (types.attrsOf script) { };
    system.stateVersion = of types.str "26.11";
    environment.etc = anything;
    environment.systemPackages = of (types.listOf types.package) [ ];
    boot.kernelModules = names;
    boot.initrd.kernelModules = names;
    users.users = of (types.attrsOf (types.attrsOf types.anything)) { };
    users.groups = anything;
    systemd.package = of types.package null;
    systemd.services = of (types.attrsOf (types.submodule service)) { };
    systemd.paths = anything;
    systemd.tmpfiles.settings = anything;
    systemd.sysusers.enable = flag false;
    services.userborn.enable = flag false;
    services.openssh.enable = flag false;
    services.openssh.hostKeys = of (types.listOf types.attrs) [
      {
        type = "rsa";
        bits = 4096;
        path = "/etc/ssh/ssh_host_rsa_key";
      }
      {
        type = "ed25519";
        path = "/etc/ssh/ssh_host_ed25519_key";
      }
    ];
    services.postgresql = anything;
    services.nginx = anything;
    containers = anything;
    specialisation = anything;
    networking = anything;
  };

  # Services that come with them.
  config.systemd.services = lib.mkMerge [
    (lib.mkIf (config.services.postgresql ? enable) { postgresql = { }; })
    (lib.mkIf (config.services.nginx ? enable) { nginx = { }; })
    (lib.mapAttrs' (name: _: lib.nameValuePair "container@${name}" { }) config.containers)
  ];
}
