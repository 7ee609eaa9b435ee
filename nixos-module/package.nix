# hushfs from this repository. The hashes of its dependencies are those of package-lock.json.
{
  lib,
  buildNpmPackage,
  importNpmLock,
  nodejs,
  stdenv,
  autoPatchelfHook,
  installShellFiles,
  versionCheckHook,
}:
let
  root = ../.;
  manifest = lib.importJSON (root + "/package.json");
in
buildNpmPackage {
  pname = "hushfs";
  inherit (manifest) version;
  inherit nodejs;

  src = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.unions (
      map (name: root + "/${name}") [
        "build.mjs"
        "man"
        "package-lock.json"
        "package.json"
        "src"
        "tsconfig.json"
        "LICENSE"
        "README.md"
        "CHANGELOG.md"
        "SECURITY.md"
        "ARCHITECTURE.md"
        "native-notes"
      ]
    );
  };

  npmDeps = importNpmLock { npmRoot = root; };
  npmConfigHook = importNpmLock.npmConfigHook;

  nativeBuildInputs = [
    autoPatchelfHook
    installShellFiles
  ];
  # koffi's prebuilt library needs them.
  buildInputs = [ (lib.getLib stdenv.cc.cc) ];

  postInstall = ''
    # Builds of koffi for systems that this isn't.
    find "$out/lib/node_modules/hushfs/node_modules" -type d -name 'musl_*' -prune -exec rm -r {} +
    installManPage man/hushfs.1
  '';

  doInstallCheck = true;
  nativeInstallCheckInputs = [ versionCheckHook ];

  meta = {
    inherit (manifest) description;
    license = lib.licenses.mit;
    mainProgram = "hushfs";
    platforms = lib.platforms.linux;
  };
}
