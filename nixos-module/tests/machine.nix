# A machine with hushfs, whose secrets are plaintext unless a test seals one.
{ module }:
{
  imports = [ module ];
  services.hushfs = {
    enable = true;
    allowPlaintext = true;
  };
  users.users.app = {
    isSystemUser = true;
    group = "app";
  };
  users.groups.app = { };
}
