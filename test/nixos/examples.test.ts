/** Every example of nixos-module/examples evaluates, and hushfs itself takes what it becomes. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { hushfs, run } from '../support/process.ts'
import { evaluate, moduleFolder, viewAll } from '../support/nix/evaluate.ts'
import { sshIdentity } from '../support/nix/example-identity.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'

const folder = join(moduleFolder, 'examples')
const names = readdirSync(folder).filter((name) => name.endsWith('.nix'))
/** A consumer without a provider. */
const alone = 'stash.nix'

interface Document {
  readonly secrets: Record<string, { source: { age: string } } & Record<string, unknown>>
  readonly identities: readonly string[]
}

t.test('each example', needsNixpkgs, async (t) => {
  const modules = names
    .filter((name) => name !== alone)
    .map((name) => [
      name,
      `{ lib, ... }: { networking.hostName = lib.mkDefault "host"; imports = [ ./examples/${name} ]; services.hushfs.identityPaths = lib.mkForce [ "/identity" ]; }`,
    ])
  const views = await viewAll(Object.fromEntries(modules) as Record<string, string>)
  for (const [name, view] of Object.entries(views)) {
    t.strictSame(view.failed, [], name)
    for (const document of [view.document, view.usersDocument] as unknown as Document[]) {
      const here = t.testdir({ identity: sshIdentity() })
      const secrets = Object.entries(document.secrets).map(
        ([secret, { source, ...rest }]): [string, object] => {
          if (!('age' in source)) return [secret, { ...rest, source }]
          const file = join(folder, 'secrets', basename(source.age).replace(/^[a-z0-9]{32}-/, ''))
          // Of the accounts on the example's host, this machine has root alone.
          return [secret, { ...rest, source: { age: file }, owner: 'root', group: 'root' }]
        },
      )
      writeFileSync(
        join(here, 'hushfs.yaml'),
        JSON.stringify({ ...document, identities: ['identity'], secrets: Object.fromEntries(secrets) }),
      )
      // No server answers here.
      const isOpened = Object.values(document.secrets).every(({ source }) => 'age' in source)
      const options = [...(isOpened ? [] : ['--config-only']), '--config', join(here, 'hushfs.yaml')]
      const done = await hushfs(['check', ...options])
      t.equal(done.status, 0, `${name}: ${done.stderr}${done.stdout.toString()}`)
    }
  }
})

t.test("the README's first configuration is the minimal example, of at most ten lines", (t) => {
  const readme = readFileSync(join(moduleFolder, 'README.md'), 'utf8')
  const [, first = ''] = /^```nix\n(.*?)^```$/ms.exec(readme) ?? []
  const minimal = readFileSync(join(folder, 'minimal.nix'), 'utf8').replace(/^#.*\n/, '')
  t.equal(first, minimal)
  t.ok(first.trim().split('\n').length <= 10)
  t.end()
})

t.test('every block of the README is Nix', async (t) => {
  const readme = readFileSync(join(moduleFolder, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```nix\n(.*?)^```$/gms)].map(([, block = '']) => block)
  t.ok(blocks.length > 4)
  for (const block of blocks) {
    const parsed = await run('nix-instantiate', ['--parse', '--store', 'dummy://', '-'], { input: block })
    t.equal(parsed.status, 0, parsed.stderr)
  }
})

t.test('Stash: what it requests, and three ways to name a file', needsNixpkgs, async (t) => {
  const stash = await evaluate(`
    let
      of = module: (system.evaluate { imports = [ ./examples/stash.nix module ]; }).config;
      plain = of { services.stash = {
        enable = true; user = "other"; username = "admin";
        passwordFile = "/run/password"; jwtSecretKeyFile = "/run/jwt"; sessionStoreKeyFile = "/run/session";
      }; };
      linked = of ./examples/stash-with-hushfs.nix;
    in {
      request = (of { services.stash.user = "other"; }).services.stash.jwtSecretKeyFile.request;
      plain = plain.systemd.services.stash.preStart;
      linked = linked.systemd.services.stash.preStart;
      secrets = linked.services.hushfs.document.secrets;
    }`)
  t.match(stash, {
    request: { owner: 'other', group: 'stash', mode: '0400' },
    plain:
      /jwt_secret_key=\$\(< \/run\/jwt\)[^]*session_store_key=\$\(< \/run\/session\)[^]*password=\$\(< \/run\/password\)/,
    linked:
      /\/run\/hushfs\/stash\/jwt\)[^]*\/run\/hushfs\/stash\/session\)[^]*\/run\/hushfs\/stash\/password\)/,
    secrets: {
      'stash/jwt': { owner: 'stash', group: 'stash', mode: '0400', restartUnits: ['stash.service'] },
      'stash/session': { owner: 'stash', restartUnits: [] },
    },
  })
})
