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

  needed = [
    "build.mjs"
    "bundle.mjs"
    "load-bundle.cjs"
    "make-code-cache.mjs"
    "package-lock.json"
    "package.json"
    "src"
    "systemd"
    "tsconfig.json"
  ]
  ++ lib.remove "dist" manifest.files;
  isIn =
    path: name: path == "${toString root}/${name}" || lib.hasPrefix "${toString root}/${name}/" path;

  # The lock file has hashes and no addresses, so that it suits any mirror; importNpmLock wants them. npm's registry has a package there.
  lock = lib.importJSON (root + "/package-lock.json");
  addressOf =
    path:
    { version, ... }@entry:
    let
      name = entry.name or (lib.last (lib.splitString "node_modules/" path));
    in
    "https://registry.npmjs.org/${name}/-/${baseNameOf name}-${version}.tgz";
  withAddress = path: entry: { resolved = addressOf path entry; } // entry;
  packageLock = lock // {
    packages = lib.mapAttrs (
      path: entry: if path == "" then entry else withAddress path entry
    ) lock.packages;
  };
in
buildNpmPackage {
  pname = "hushfs";
  inherit (manifest) version;
  inherit nodejs;

  # What the build and the package's `files` need.
  src = lib.cleanSourceWith {
    name = "hushfs";
    src = root;
    filter = path: _: lib.any (isIn (toString path)) needed;
  };

  npmDeps = importNpmLock {
    npmRoot = root;
    inherit packageLock;
  };
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
