# What hushfs.service may do: nothing but answer on the descriptor that it is given.
{
  DynamicUser = true;
  User = "hushfs";
  CapabilityBoundingSet = "";
  NoNewPrivileges = true;
  ProtectSystem = "strict";
  ProtectHome = true;
  PrivateTmp = true;
  PrivateDevices = true;
  DeviceAllow = "/dev/fuse rw";
  PrivateNetwork = true;
  IPAddressDeny = "any";
  ProtectClock = true;
  ProtectHostname = true;
  ProtectKernelLogs = true;
  ProtectKernelModules = true;
  ProtectKernelTunables = true;
  ProtectControlGroups = true;
  LockPersonality = true;
  RestrictNamespaces = true;
  RestrictRealtime = true;
  RestrictSUIDSGID = true;
  RestrictAddressFamilies = "AF_UNIX";
  SystemCallArchitectures = "native";
  SystemCallFilter = [
    "@system-service"
    "~@privileged @resources"
  ];
  UMask = "0077";
  LimitCORE = 0;
  MemorySwapMax = 0;
}
