/** The package, the flake and the tests in virtual machines: evaluated as far as nixpkgs' `lib` goes. They can be built only with Nix and nixpkgs. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run } from '../support/process.ts'
import { evaluate, moduleFolder, type View } from '../support/nix/evaluate.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'

const root = join(moduleFolder, '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>
/** Of nixos-module/tests: those that are run in a virtual machine. */
const machines = readdirSync(join(moduleFolder, 'tests'))
  .filter((name) => !['default.nix', 'evaluation.nix', 'machine.nix'].includes(name))
  .map((name) => name.replace('.nix', ''))

interface Dependency {
  readonly resolved: string
  readonly integrity: string
}

/** Packages as builders would get them, which build nothing. */
const packages = `(system.pkgs // {
  inherit lib;
  buildNpmPackage = arguments: arguments;
  importNpmLock = { __functor = _: arguments: arguments; npmConfigHook = "hook"; };
  stdenv = system.pkgs.stdenv // { cc.cc = "gcc"; };
  path = "/nixpkgs";
  nodejs = "nodejs"; autoPatchelfHook = "hook"; installShellFiles = "hook"; versionCheckHook = "hook"; nixfmt = "nixfmt";
  callPackage = path: arguments: lib.callPackageWith packages path arguments;
  testers.runNixOSTest = test: test;
})`

t.test('package.nix takes what package.json and the lock file say', needsNixpkgs, async (t) => {
  const built = (await evaluate(`
    let
      packages = ${packages};
      built = lib.callPackageWith packages ./package.nix { };
    in {
      inherit (built) pname version;
      inherit (built.meta) description mainProgram;
      source = built.src.outPath;
      dependencies = removeAttrs built.npmDeps.packageLock.packages [ "" ];
    }`)) as Record<string, unknown> & { readonly dependencies: Readonly<Record<string, Dependency>> }
  t.match(built, {
    pname: 'hushfs',
    version: manifest['version'],
    description: manifest['description'],
    mainProgram: 'hushfs',
    source: /^\/nix\/store\//,
  })
  const { dependencies } = built
  for (const [path, { resolved, integrity }] of Object.entries(dependencies))
    t.match({ resolved, integrity }, { resolved: /^https:\/\/.*\.tgz$/, integrity: /^sha512-/ }, path)
  const addressOf = (path: string) => dependencies[`node_modules/${path}`]?.resolved
  t.match(addressOf('koffi'), /^https:\/\/registry\.npmjs\.org\/koffi\/-\/koffi-[\d.]+\.tgz$/)
  t.match(addressOf('@scure/base'), /npmjs\.org\/@scure\/base\/-\/base-[\d.]+\.tgz$/)
})

t.test('flake.nix has module, package, overlay, library and checks', needsNixpkgs, async (t) => {
  const names = (await evaluate(`
    let
      packages = ${packages};
      flake = import ./flake.nix;
      self = flake.outputs {
        inherit self;
        nixpkgs = { inherit lib; legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (_: packages); };
      };
    in {
      modules = lib.attrNames self.nixosModules;
      packages = lib.mapAttrs (_: lib.attrNames) self.packages;
      overlay = lib.attrNames (self.overlays.default packages packages);
      contract = lib.attrNames self.lib.fileSecrets;
      checks = lib.attrNames self.checks.x86_64-linux;
    }`)) as Record<string, unknown>
  t.match(names, {
    modules: ['default', 'hardcodedSecrets', 'hushfs'],
    packages: { 'x86_64-linux': ['default', 'hushfs'], 'aarch64-linux': ['default', 'hushfs'] },
    overlay: ['hushfs'],
  })
  t.ok(
    (names['contract'] as string[]).includes('mkRequest') &&
      (names['contract'] as string[]).includes('mkResult'),
  )
  const checks = names['checks'] as string[]
  for (const name of ['package', 'evaluation', 'format', 'users-userborn']) t.ok(checks.includes(name), name)
  for (const name of machines.filter((one) => one !== 'contract')) t.ok(checks.includes(name), name)
  // Two providers, three sets of names, two requests.
  t.equal(checks.filter((name) => name.startsWith('contract-')).length, 12)
})

t.test(
  'each test in a machine: a configuration without mistakes, and a script that Python takes',
  needsNixpkgs,
  async (t) => {
    for (const name of machines) {
      const found = (await evaluate(`
      let
        test = import ./tests/${name}.nix {
          inherit lib;
          module = ./.;
          names = { request = "request"; result = "result"; };
          providerModule = ./.;
          providerRoot = [ "services" "hushfs" "secrets" "a/secret" ];
          wanted = { owner = "root"; group = "root"; mode = "0400"; content = "x"; };
          secret.text = "x";
        };
        node = system.evaluate test.nodes.machine;
        script = test.testScript;
      in {
        view = system.view node;
        script = if lib.isFunction script then script { nodes.machine = node.config; } else script;
      }`)) as { view: View; script: string }
      t.strictSame(found.view.failed, [], name)
      const compiled = await run(
        'python3',
        ['-c', 'import sys; compile(sys.stdin.read(), "script", "exec")'],
        {
          input: found.script,
        },
      )
      t.equal(compiled.status, 0, `${name}: ${compiled.stderr}`)
    }
  },
)
