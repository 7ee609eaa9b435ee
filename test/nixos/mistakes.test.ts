/** Mistakes: each is an error at evaluation, which names the option and the value or what to do. */
import t from 'tap'
import { tryEvaluate, viewAll } from '../support/nix/evaluate.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'

const base = 'services.hushfs.allowPlaintext = true;'
const secret = (name: string, options = '') =>
  `services.hushfs.secrets."${name}" = { text = "x"; ${options} };`

/** A NixOS module, and the messages of the assertions that fail. */
const assertions: Readonly<Record<string, readonly [string, readonly RegExp[]]>> = {
  'nothing is wrong': [`${base} ${secret('a')}`, []],
  'hushfs is not enabled': ['services.hushfs = { enable = false; secrets.a = { }; };', []],
  'no identity': [
    'services.hushfs.secrets.a.ageFile = ./examples/secrets/token.age;',
    [/^services\.hushfs\.identityPaths is empty.*services\.openssh/],
  ],
  'no source': [
    'services.hushfs.secrets."a/b" = { };',
    [/^services\.hushfs\.secrets\."a\/b" has no source: .*ageFile/],
  ],
  'two sources': [
    `${base} services.hushfs = { identityPaths = [ "/i" ]; secrets.a = { text = "x"; sealedFile = "/a"; }; };`,
    [/^services\.hushfs\.secrets\."a" has more than one source: sealedFile, text\./],
  ],
  'text outside of tests': [
    secret('a'),
    [/^services\.hushfs\.secrets\."a"\.text is plaintext.*allowPlaintext/],
  ],
  'a file outside of tests': [
    'services.hushfs.secrets.a.file = "/a";',
    [/^services\.hushfs\.secrets\."a"\.file is plaintext/],
  ],
  'a name with a space': [`${base} ${secret('a b')}`, [/^services\.hushfs\.secrets\."a b": the name/]],
  'a name with an empty part': [
    `${base} ${secret('a//b')}`,
    [/^services\.hushfs\.secrets\."a\/\/b": the name/],
  ],
  'a name that starts with a dot': [`${base} ${secret('.units')}`, [/"\.units": the name/]],
  'a name that is too long': [`${base} ${secret('x'.repeat(256))}`, [/x": the name/]],
  'a secret and a folder on one path': [
    `${base} ${secret('a')} ${secret('a/b/c')}`,
    [
      /^services\.hushfs\.secrets\."a\/b\/c" would be in the folder a, but services\.hushfs\.secrets\."a" is a file/,
    ],
  ],
  'two links on one path': [
    `${base} ${secret('a', 'symlinks = [ "/etc/x" ];')} ${secret('b', 'symlinks = [ "/etc/x" ];')}`,
    [/^Two secrets are on the path \/etc\/x: services\.hushfs\.secrets\."a"\.symlinks, .*"b"\.symlinks/],
  ],
  'a link inside the mount': [
    `${base} ${secret('a', 'symlinks = [ "/run/hushfs/x" ];')}`,
    [/"a"\.symlinks: \/run\/hushfs\/x is below services\.hushfs\.mountPoint/],
  ],
  'a unit that does not exist': [
    `${base} ${secret('a', 'units = [ "nginix.service" ];')}`,
    [/^services\.hushfs\.secrets\."a"\.units: there is no systemd\.services\."nginix".*externalUnits/],
  ],
  'an instance of a template that does not exist': [
    `${base} ${secret('a', 'units = [ "x@1.service" ];')}`,
    [/"a"\.units: there is no systemd\.services\."x@1"/],
  ],
  'a unit to restart that does not exist': [
    `${base} ${secret('a', 'restartUnits = [ "b.service" ];')}`,
    [/"a"\.restartUnits: there is no systemd\.services\."b"/],
  ],
  'a unit to reload that does not exist': [
    `${base} ${secret('a', 'reloadUnits = [ "b.service" ];')}`,
    [/"a"\.reloadUnits: there is no systemd\.services\."b"/],
  ],
  'scopes, wildcards and user managers may be made later': [
    `${base} ${secret('a', 'units = [ "machine-x.scope" "b*" "user@1000.service" ];')}`,
    [],
  ],
  'manager: false without a rule': [
    `${base} ${secret('a', 'manager = false;')}`,
    [/"a"\.manager = false refuses nobody/],
  ],
  'a secret for users with a rule': [
    `${base} ${secret('a', 'neededForUsers = true; units = [ ];')}`,
    [/"a"\.neededForUsers: units/],
  ],
  'a secret for users with a link': [
    `${base} ${secret('a', 'neededForUsers = true; symlinks = [ "/etc/a" ];')}`,
    [/"a"\.neededForUsers: .*symlinks/],
  ],
  'a secret for users of a user': [
    `${base} ${secret('a', 'neededForUsers = true; owner = "alice";')}`,
    [/"a"\.owner: .*neededForUsers/],
  ],
  'a service that asks for a secret that is not there': [
    `${base} systemd.services.app = { script = "x"; hushfs.secrets = [ "a" ]; };`,
    [/^systemd\.services\."app"\.hushfs\.secrets: there is no services\.hushfs\.secrets\."a"/],
  ],
  'a service that asks for two secrets of one credential': [
    `${base} ${secret('a/b')} ${secret('a:b')} systemd.services.app = { script = "x"; hushfs.secrets = [ "a/b" "a:b" ]; };`,
    [/^systemd\.services\."app"\.hushfs\.secrets: two of them would be the same credential/],
  ],
}

t.test('assertions', needsNixpkgs, async (t) => {
  const modules = Object.entries(assertions).map(([name, [module]]) => [name, `{ ${module} }`])
  const views = await viewAll(Object.fromEntries(modules) as Record<string, string>)
  for (const [name, [, messages]] of Object.entries(assertions)) {
    const failed = views[name]?.failed ?? []
    t.equal(failed.length, messages.length, `${name}: ${failed.join('\n')}`)
    messages.forEach((message, index) => t.match(failed[index], message, name))
    for (const message of failed)
      t.match(message, /(services\.hushfs|systemd\.services\."[^"]+"\.hushfs)\./, 'it names an option')
  }
})

/** Values that an option's type refuses: option, value, words of the description of the type. */
const refused: readonly (readonly [string, string, RegExp])[] = [
  ['mountPoint', '"run/hushfs"', /absolute path/],
  ['mountPoint', '"/run/my secrets"', /absolute path/],
  ['identityPaths', '[ ./package.nix ]', /outside of the Nix store/],
  ['identityPaths', '[ "${builtins.storeDir}/key" ]', /outside of the Nix store/],
  ['directoryMode', '"711x"', /octal mode/],
  ['directoryMode', '711', /octal mode/],
  ['checkConfig', '"yes"', /boolean/],
  ['secrets.a.ageFile', '"secrets/a.age"', /path/],
  ['secrets.a.sealedFile', '"a.sealed"', /path/],
  ['secrets.a.file', './package.nix', /outside of the Nix store/],
  ['secrets.a.text', '1', /string/],
  ['secrets.a.owner', '"two words"', /name of a user or group/],
  ['secrets.a.owner', '(-1)', /name of a user or group/],
  ['secrets.a.group', '""', /name of a user or group/],
  ['secrets.a.mode', '"4755"', /octal mode/],
  ['secrets.a.mode', '400', /octal mode/],
  ['secrets.a.units', '[ "postgresql" ]', /unit name/],
  ['secrets.a.units', '"postgresql.service"', /list/],
  ['secrets.a.userUnits', '[ "syncthing.service" ]', /user and unit/],
  ['secrets.a.manager', '1', /boolean/],
  ['secrets.a.reads', '"twice"', /always/],
  ['secrets.a.reads.startup', '"30"', /duration/],
  ['secrets.a.reads.startup', '"0s"', /duration/],
  ['secrets.a.restartUnits', '[ "b*.service" ]', /unit name/],
  ['secrets.a.reloadUnits', '[ "b" ]', /unit name/],
  ['secrets.a.symlinks', '[ "etc/x" ]', /absolute path/],
  ['secrets.a.neededForUsers', 'null', /boolean/],
  ['secrets.a.request.mode', '400', /string/],
  ['secrets.a.path', '"/elsewhere"', /read-only/],
  ['secrets.a.result.path', '"/elsewhere"', /read-only/],
  ['secrets.a.onwer', '"postgres"', /does not exist/],
  ['secret', '{ }', /does not exist/],
]

t.test('types', needsNixpkgs, async (t) => {
  for (const [option, value, words] of refused) {
    const module = `{ services.hushfs.allowPlaintext = true; services.hushfs.${option} = ${value}; }`
    const done = await tryEvaluate(`system.view (system.evaluate ${module})`)
    t.not(done.status, 0, `${option} = ${value}`)
    const message = done.stderr.replaceAll(/\s+/g, ' ')
    t.match(message, `services.hushfs.${option.split('.').slice(0, 3).join('.')}`, option)
    t.match(message, words, `${option} = ${value}`)
  }
})
