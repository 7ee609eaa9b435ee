/** The catalogue of the module: who consumes what, in the form of `hushfs catalog --json`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { viewOf } from '../support/nix/evaluate.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'
import { hushfs } from '../support/process.ts'

interface Catalog {
  readonly mountPoint: string
  readonly secrets: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

t.test('every secret and template with who consumes it, and no value', needsNixpkgs, async (t) => {
  const view = await viewOf(`{
    services.hushfs = {
      identityPaths = [ "/i" ];
      allowPlaintext = true;
      secrets.a = { text = "sentinel"; units = [ "app.service" ]; reads.startup = "30s"; symlinks = [ "/etc/a" ]; };
      secrets.b = { ageFile = ./examples/secrets/token.age; owner = "app"; userUnits = [ "alice/x.service" ]; };
      secrets.c = { sealedFile = "/c"; request = { owner = "app"; group = "app"; mode = "0440"; }; };
      templates.t = { content = "\\\${hushfs:c} \\\${hushfs:c|json}"; units = [ "other.service" ]; };
    };
    systemd.services = {
      app.script = "x";
      other = { script = "x"; hushfs = { secrets = [ "a" "c" ]; environment.C = "c"; }; };
    };
  }`)
  const { secrets, mountPoint } = view.catalog as unknown as Catalog
  t.equal(mountPoint, '/run/hushfs')
  t.match(secrets, {
    a: { path: '/run/hushfs/a', units: ['app.service', 'other.service'], symlinks: ['/etc/a'] },
    b: { source: 'age', owner: 'app', units: null, userUnits: ['alice/x.service'] },
    c: { source: 'sealed', owner: 'app', group: 'app', mode: '0440', units: ['other.service'] },
    t: { source: 'template', inputs: ['c'], units: ['other.service'] },
    'hushfs-environment/other': { inputs: ['c'], units: ['other.service'] },
  })
  t.notMatch(JSON.stringify(view.catalog), 'sentinel')
  t.ok(view.etc.includes('hushfs/catalog.json'))

  const file = join(t.testdir({}), 'hushfs.yaml')
  writeFileSync(file, JSON.stringify(view.document))
  const { stdout, stderr } = await hushfs(['catalog', '--json', '--config', file])
  t.equal(stderr, '')
  const told = JSON.parse(stdout.toString()) as Catalog
  t.strictSame(Object.keys(told.secrets).sort(), Object.keys(secrets).sort())
  for (const [name, entry] of Object.entries(told.secrets)) t.match(secrets[name], entry, name)
})
