/** What the configuration makes of systemd's units: the server, its readers, links, and services that ask for secrets. */
import t from 'tap'
import { evaluate, viewAll, viewOf } from '../support/nix/evaluate.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'

const secret = (options: string) =>
  `services.hushfs = { allowPlaintext = true; secrets.s = { text = "x"; ${options} }; };`
const some = 'systemd.services = { a.script = "x"; b.script = "x"; "w@".script = "x"; };'

t.test(
  'readers come after hushfs and not without it, and are not restarted with it',
  needsNixpkgs,
  async (t) => {
    const { services } = await viewOf(`{ ${secret('units = [ "a.service" ];')} ${some} }`)
    t.match(services['hushfs-ready'], {
      requiredBy: ['a.service'],
      before: ['a.service'],
      after: ['hushfs.service'],
      wants: ['hushfs.service'],
      requires: [],
      restartIfChanged: false,
      unitConfig: { StartLimitIntervalSec: 0 },
      serviceConfig: { Type: 'oneshot' },
    })
    t.strictSame(
      services['hushfs']?.before,
      ['basic.target', 'shutdown.target'],
      'the server itself does not change',
    )
  },
)

/** Rules, and the units that they order. */
const rules: Readonly<Record<string, readonly string[]>> = {
  '[ "a.service" "b.service" ]': ['a.service', 'b.service'],
  '[ "w@1.service" ]': ['w@1.service'],
  '[ "w@*.service" ]': ['w@.service'],
  '[ "?.service" ]': ['a.service', 'b.service'],
  '[ "*" ]': ['a.service', 'b.service', 'w@.service'],
  '[ "machine-x.scope" "system.slice" ]': [],
  '[ ]': [],
  null: [],
}

t.test('wildcards stand for the services that there are', needsNixpkgs, async (t) => {
  const modules = Object.keys(rules).map((rule) => [rule, `{ ${secret(`units = ${rule};`)} ${some} }`])
  const views = await viewAll(Object.fromEntries(modules) as Record<string, string>)
  for (const [rule, units] of Object.entries(rules)) {
    t.strictSame(views[rule]?.services['hushfs-ready']?.requiredBy, units, rule)
  }
})

t.test(
  'a switch: the server is not stopped, and reloads when only secrets changed',
  needsNixpkgs,
  async (t) => {
    const views = await viewAll({
      one: `{ ${secret('')} }`,
      two: `{ ${secret('mode = "0440";')} services.hushfs.secrets.t.text = "y"; }`,
      three: `{ ${secret('')} services.hushfs.identityPaths = [ "/j" ]; }`,
    })
    const { one, two, three } = views
    t.equal(one.services['hushfs']?.stopIfChanged, false)
    t.strictSame(two.services['hushfs'], one.services['hushfs'], 'the unit is the same')
    t.not(two.configFile, one.configFile)
    t.notSame(three.services['hushfs'], one.services['hushfs'], 'a key is loaded at a start alone')
    const triggers = await evaluate(
      `(system.evaluate { ${secret('')} }).config.systemd.services.hushfs.reloadTriggers`,
    )
    t.strictSame(triggers, [one.configFile])
  },
)

t.test('identities are credentials, by the name that systemd-escape gives them', needsNixpkgs, async (t) => {
  const { services } = await viewOf(`{ services.hushfs.identityPaths = [
    "/etc/ssh/ssh_host_ed25519_key" "/var/lib/my-keys/.id" "//a//b/" "/.x" "/a\\\\b" "/a:b@c"
  ]; }`)
  t.strictSame(services['hushfs']?.serviceConfig['LoadCredential'], [
    'etc-ssh-ssh_host_ed25519_key:/etc/ssh/ssh_host_ed25519_key',
    String.raw`var-lib-my\\x2dkeys-.id:/var/lib/my-keys/.id`,
    'a-b://a//b/',
    String.raw`\\x2ex:/.x`,
    String.raw`a\\x5cb:/a\b`,
    String.raw`a:b\\x40c:/a:b@c`,
  ])
})

t.test('links are made by systemd-tmpfiles', needsNixpkgs, async (t) => {
  const { tmpfiles } = await viewOf(`{ ${secret('symlinks = [ "/etc/app/token" "/var/lib/app/token" ];')} }`)
  t.strictSame(tmpfiles, {
    '10-hushfs': {
      '/etc/app/token': { 'L+': { argument: '/run/hushfs/s' } },
      '/var/lib/app/token': { 'L+': { argument: '/run/hushfs/s' } },
    },
  })
})

t.test('sealed files outside of the Nix store are shared with the server', needsNixpkgs, async (t) => {
  const sealed = (file: string) =>
    `{ services.hushfs = { identityPaths = [ "/i" ]; secrets.s.sealedFile = ${file}; }; }`
  const { outside, inside } = await viewAll({
    outside: sealed('"/var/lib/hushfs/store/s.sealed"'),
    inside: sealed('./package.nix'),
  })
  t.equal(outside.services['hushfs']?.serviceConfig['SupplementaryGroups'], 'hushfs')
  t.match(outside.tmpfiles, {
    '10-hushfs': { '/var/lib/hushfs/store': { d: { group: 'hushfs', mode: '2750' } } },
  })
  t.notOk('SupplementaryGroups' in (inside.services['hushfs']?.serviceConfig ?? {}))
  t.strictSame(inside.tmpfiles, {})
})

t.test(
  'a service that asks for a secret: credential, rule and order; the rest of it stays',
  needsNixpkgs,
  async (t) => {
    const view = await viewOf(`{
    ${secret('')}
    services.hushfs.secrets."db/password:1".text = "y";
    systemd.services.a = {
      script = "x";
      hushfs.secrets = [ "s" "db/password:1" ];
      serviceConfig = { DynamicUser = true; PrivateTmp = true; LoadCredential = [ "own:/own" ]; };
    };
    systemd.services.b.script = "x";
  }`)
    t.strictSame(view.failed, [])
    t.match(view.services['a']?.serviceConfig, { DynamicUser: true, PrivateTmp: true })
    t.strictSame(
      new Set(view.services['a']?.serviceConfig['LoadCredential'] as string[]),
      new Set(['own:/own', 's:/run/hushfs/s', 'db.password.1:/run/hushfs/db/password:1']),
    )
    t.strictSame(view.services['hushfs-ready']?.requiredBy, ['a.service'])
    t.match(view.document['secrets'], {
      s: { units: ['a.service'] },
      'db/password:1': { units: ['a.service'] },
    })
    t.notOk('LoadCredential' in (view.services['b']?.serviceConfig ?? {}))
  },
)

t.test('checkConfig has hushfs itself read the file when it is built', needsNixpkgs, async (t) => {
  // The script of the build in place of its result.
  const pkgs =
    '_module.args.pkgs = lib.mkForce (system.pkgs // { runCommand = _: _: script: "/" + script; });'
  const scripts = await evaluate(`lib.genAttrs [ "true" "false" ] (value:
    (system.evaluate { ${pkgs} services.hushfs.checkConfig = value == "true"; }).config.services.hushfs.configFile)`)
  const check = '/opt/hushfs/package/bin/hushfs check --config-only --config "$textPath"'
  t.match((scripts as Record<string, string>)['true'], check)
  t.notMatch((scripts as Record<string, string>)['false'], 'check')
})
