# The options of a secret that say where its value comes from.
{
  sealed = [
    "sealedFile"
    "ageFile"
    "sopsFile"
    "credentialFile"
  ];
  # Asked, or run.
  live = [
    "vault"
    "exec"
  ];
  # Opened with a private key of services.hushfs.identityPaths.
  opened = [
    "sealedFile"
    "ageFile"
    "sopsFile"
  ];
  plaintext = [
    "file"
    "text"
  ];
}
