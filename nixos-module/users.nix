# Passwords of users: secrets that are needed before there is a user.
#
# userborn and systemd-sysusers are services, and hushfs.service is ordered before them. The classical script is part of the activation, at
# boot before there is a service at all: around it stands a mount of its own.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.hushfs;
  byService = (config.services.userborn.enable or false) || (config.systemd.sysusers.enable or false);
  wanted = lib.filterAttrs (_: secret: secret.neededForUsers) cfg.secrets;
  isNeeded = wanted != { };

  place = "/run/hushfs-for-users";
  configFile = cfg.fileOf "hushfs-for-users.yaml" cfg.usersDocument;
  hushfs = "${lib.getExe cfg.package}";
  systemctl = "${config.systemd.package}/bin/systemctl";

  computed =
    description:
    mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      inherit description;
    };
in
{
  options.services.hushfs = {
    isForUsers = computed "Whether a secret is on the mount for the users script, and on no other.";
    beforeUsers = computed "Whether hushfs.service comes before the service that makes users.";
    usersDocument = computed "The content of the configuration file of the mount for the users script.";
  };

  config = lib.mkMerge [
    {
      services.hushfs = {
        isForUsers = secret: secret.neededForUsers && !byService;
        beforeUsers = isNeeded && byService;
        pathOf =
          name: neededForUsers:
          if neededForUsers && !byService then "${place}/${name}" else "${cfg.mountPoint}/${name}";
        usersDocument = cfg.documentOf wanted // {
          mountPoint = place;
          directoryMode = "0700";
        };
      };
    }

    (lib.mkIf (cfg.enable && isNeeded) {
      # /dev/fuse has to be there before systemd-modules-load.service.
      boot.initrd.kernelModules = [ "fuse" ];
    })

    (lib.mkIf (cfg.enable && cfg.beforeUsers) {
      systemd.services.hushfs.before = [
        "userborn.service"
        "systemd-sysusers.service"
      ];
      # A /tmp that is connected to the host's comes after systemd-tmpfiles-setup.service (systemd.exec(5)), which comes after the users.
      systemd.services.hushfs.serviceConfig.PrivateTmp = lib.mkForce "disconnected";
      # Owners are looked up when the configuration is loaded. On a first boot that was before they were made.
      systemd.services.hushfs-accounts = {
        description = "Let hushfs look up the owners of secrets";
        wantedBy = [ "sysinit.target" ];
        before = [ "sysinit.target" ];
        after = [
          "hushfs.service"
          "userborn.service"
          "systemd-sysusers.service"
        ];
        conflicts = [ "shutdown.target" ];
        unitConfig.DefaultDependencies = false;
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          ExecStart = "${systemctl} reload hushfs.service";
        };
      };
    })

    (lib.mkIf (cfg.enable && isNeeded && !byService) {
      system.activationScripts.hushfsForUsers = lib.stringAfter [ "specialfs" ] ''
        mkdir -p -m 0700 ${place}
        ${hushfs} mount --config ${configFile} ${place} >/dev/null &
        hushfs_for_users=$!
        # Mounted is enough: whoever reads a value that is still being opened waits for it.
        for _ in $(seq 600); do
          grep -q ' ${place} ' /proc/self/mountinfo && break
          kill -0 "$hushfs_for_users" 2>/dev/null || break
          sleep 0.05
        done
        grep -q ' ${place} ' /proc/self/mountinfo || {
          echo "hushfs: the passwords of users can't be mounted at ${place}" >&2
          _localstatus=1
        }
      '';
      system.activationScripts.users.deps = [ "hushfsForUsers" ];
      # Whatever became of the mount and of its server: nothing is left.
      system.activationScripts.hushfsForUsersEnd = lib.stringAfter [ "users" ] ''
        if grep -q ' ${place} ' /proc/self/mountinfo; then
          ${hushfs} unmount --config ${configFile} ${place} || umount --lazy ${place}
        fi
        kill "$hushfs_for_users" 2>/dev/null || true
        wait "$hushfs_for_users" || true
        rmdir ${place}
      '';
    })
  ];
}
