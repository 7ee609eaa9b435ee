# What hushfs.service may do: nothing but answer on the descriptor that it is given.
{ needsNetwork }:
{
  DynamicUser = true;
  User = "hushfs-server";
  RuntimeDirectory = "hushfs-state";
  RuntimeDirectoryMode = "0700";
  RuntimeDirectoryPreserve = "restart";
  UMask = "0077";

  # Secrets stay in memory that is neither dumped nor swapped.
  LimitCORE = 0;
  MemorySwapMax = 0;

  CapabilityBoundingSet = "";
  AmbientCapabilities = "";
  NoNewPrivileges = true;
  LockPersonality = true;
  KeyringMode = "private";
  ProtectSystem = "strict";
  ProtectHome = true;
  ProtectClock = true;
  ProtectHostname = true;
  ProtectControlGroups = true;
  ProtectKernelLogs = true;
  ProtectKernelModules = true;
  ProtectKernelTunables = true;
  PrivateTmp = true;
  PrivateIPC = true;
  PrivateDevices = true;
  DeviceAllow = "/dev/fuse rw";
  RestrictNamespaces = true;
  RestrictRealtime = true;
  RestrictSUIDSGID = true;
  RemoveIPC = true;
  SystemCallArchitectures = "native";
  SystemCallFilter = [
    "@system-service"
    "~@privileged @resources"
  ];
  SystemCallErrorNumber = "EPERM";
}
// (
  if needsNetwork then
    {
      RestrictAddressFamilies = "AF_UNIX AF_INET AF_INET6";
    }
  else
    {
      PrivateNetwork = true;
      IPAddressDeny = "any";
      RestrictAddressFamilies = "AF_UNIX";
    }
)
