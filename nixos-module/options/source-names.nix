# The options of a secret that say where its value comes from.
{
  sealed = [
    "sealedFile"
    "ageFile"
  ];
  # Opened with a private key of services.hushfs.identityPaths.
  opened = [
    "sealedFile"
    "ageFile"
  ];
  plaintext = [
    "file"
    "text"
  ];
}
