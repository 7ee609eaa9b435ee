import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ConfigError } from '../../../src/base/errors.ts'
import { loadConfig } from '../../../src/config/load.ts'

function fileWith(t: Test, content: string | Uint8Array, name = 'hushfs.yaml'): string {
  const file = join(t.testdir({}), name)
  writeFileSync(file, content)
  return file
}

/** The error of a configuration, with the file's own path as FILE. */
function errorOf(t: Test, content: string | Uint8Array): { message: string; error: ConfigError } {
  const file = fileWith(t, content)
  try {
    loadConfig(file)
  } catch (error) {
    if (error instanceof ConfigError) return { message: error.message.replaceAll(file, 'FILE'), error }
    throw error
  }
  throw new Error('the configuration loaded')
}

t.test('fills in the defaults and makes paths absolute', (t) => {
  const file = fileWith(
    t,
    `identities: [key, /etc/ssh/ssh_host_ed25519_key]
secrets:
  db/password: {source: {sealed: db.sealed}}
`,
  )
  const folder = join(file, '..')
  t.strictSame(loadConfig(file), {
    file,
    folder,
    mountPoint: '/run/hushfs',
    identities: [join(folder, 'key'), '/etc/ssh/ssh_host_ed25519_key'],
    store: '/var/lib/hushfs/store',
    directoryMode: 0o711,
    startTimeout: 30,
    polling: 200,
    vaults: [],
    secrets: [
      {
        name: 'db/password',
        source: { kind: 'sealed', file: join(folder, 'db.sealed') },
        terms: {
          ...{ owner: 'root', group: 'root', mode: 0o400 },
          ...{ units: undefined, userUnits: undefined, manager: true, reads: { kind: 'always' } },
          ...{ restartUnits: [], reloadUnits: [] },
        },
      },
    ],
  })
  t.end()
})

t.test('takes every key', (t) => {
  const file = fileWith(
    t,
    String.raw`mountPoint: mnt
store: store
directoryMode: "755"
secrets:
  a:
    source: {age: /abs/a.age}
    owner: 1000
    group: postgres
    mode: "0440"
    units: [postgresql.service, backup@*.service, 'a\x2db.service', 'machine-*']
    userUnits: ["alice/syncthing.service"]
    manager: false
    reads: {startup: 5m}
    restartUnits: [postgresql.service]
    reloadUnits: [nginx.service]
  b: {source: {file: plain}, reads: once, units: []}
  c: {source: {text: "hello\n"}, reads: always}
`,
  )
  const folder = join(file, '..')
  const config = loadConfig(file)
  t.match(config, { mountPoint: join(folder, 'mnt'), store: join(folder, 'store'), directoryMode: 0o755 })
  const [a, b, c] = config.secrets
  t.strictSame(a, {
    name: 'a',
    source: { kind: 'age', file: '/abs/a.age' },
    terms: {
      owner: 1000,
      group: 'postgres',
      mode: 0o440,
      units: ['postgresql.service', 'backup@*.service', String.raw`a\x2db.service`, 'machine-*'],
      userUnits: ['alice/syncthing.service'],
      manager: false,
      reads: { kind: 'startup', seconds: 300 },
      restartUnits: ['postgresql.service'],
      reloadUnits: ['nginx.service'],
    },
  })
  t.strictSame(b?.source, { kind: 'file', path: join(folder, 'plain') })
  t.strictSame(b?.terms.reads, { kind: 'once' })
  t.strictSame(b?.terms.units, [], 'an empty rule is not the absence of one')
  t.strictSame(c?.source, { kind: 'text', value: 'hello\n' })
  t.end()
})

t.test('says where each problem is and what was expected, all of them', (t) => {
  const { message, error } = errorOf(
    t,
    `directoryMode: 711
identities: nope
valuts: {}
secrets:
  db/password:
    source: {seald: x}
    onwer: a
    mode: 400
    units: [postgresql, "a*"]
    reads: sometimes
  db:
    source: {sealed: a, age: b}
  .x: {source: {text: 5}}
  nosource:
    owner: -1
    reads: {startup: 3}
  __proto__:
    source: oops
  setuid: {source: {sealed: a}, mode: "4755"}
  nothing:
`,
  )
  t.strictSame(message.split('\n'), [
    'FILE:1:1: directoryMode: expected a quoted string of 3 or 4 octal digits such as "0400"; got the number 711: quote it',
    'FILE:2:1: identities: expected a list, got a string',
    'FILE:3:1: valuts: unknown key `valuts`; did you mean `vaults`?',
    'FILE:5:3: secrets."db/password": `db` is a secret too, so it can\'t be the folder of `db/password`; rename one of them',
    'FILE:6:14: secrets."db/password".source.seald: unknown key `seald`; did you mean `sealed`?',
    'FILE:7:5: secrets."db/password".onwer: unknown key `onwer`; did you mean `owner`?',
    'FILE:8:5: secrets."db/password".mode: expected a quoted string of 3 or 4 octal digits such as "0400"; got the number 400: quote it',
    'FILE:9:13: secrets."db/password".units[0]: expected a unit name such as postgresql.service or backup@*.service',
    'FILE:10:5: secrets."db/password".reads: expected always, once, or {startup: DURATION}',
    'FILE:12:5: secrets.db.source: expected exactly one of sealed, age, sops, credential, exec, vault, file, text',
    'FILE:13:3: secrets.".x": the name of a secret has a part that starts with a dot',
    'FILE:13:17: secrets.".x".source.text: expected a string, got a number: quote it',
    'FILE:14:3: secrets.nosource.source: expected one of sealed, age, sops, credential, exec, vault, file, text, such as {sealed: FILE}, got nothing',
    'FILE:15:5: secrets.nosource.owner: expected a user name or a number from 0 to 4294967294',
    'FILE:16:5: secrets.nosource.reads: expected always, once, or {startup: DURATION}',
    'FILE:18:5: secrets.__proto__.source: expected one of sealed, age, sops, credential, exec, vault, file, text, such as {sealed: FILE}, got a string',
    'FILE:19:33: secrets.setuid.mode: setuid, setgid and sticky bits have no meaning on a secret',
    'FILE:20:3: secrets.nothing: expected a map with a source, such as {source: {sealed: FILE}}, got nothing',
  ])
  t.match(error.place, { line: 1, column: 1, key: 'directoryMode' })
  t.end()
})

t.test('refuses what is no text, or no YAML, with a place', (t) => {
  const cases: [string, string | Uint8Array, string][] = [
    ['empty', '', 'FILE: the file is empty'],
    ['white space', ' \n\n', 'FILE: the file is empty'],
    ['comments only', '# nothing\n', 'FILE: the file is empty'],
    ['NUL', 'store: a\0b\n', 'FILE: the file holds NUL bytes: it is not text'],
    ['Latin-1', Uint8Array.of(0x73, 0x3a, 0x20, 0xe9, 0x0a), 'FILE: the file is not UTF-8 text'],
    ['a list', '- a\n', 'FILE:1:1: expected a map with keys such as identities and secrets, got a list'],
    ['a duplicate key', 'store: a\nstore: b\n', 'FILE:2:1: this key occurs twice in the same map'],
    [
      'a duplicate secret',
      'secrets:\n  a: {source: {text: x}}\n  a: {source: {text: y}}\n',
      'FILE:3:3: this key occurs twice in the same map',
    ],
    [
      'a duplicate JSON key',
      '{"secrets": {"a": {"source": {"text": ":"}},\n "a": {"source": {"text": "\\\\"}}}}',
      'FILE:2:3: this key occurs twice in the same map',
    ],
    [
      'a duplicate JSON key between escaped quotes',
      String.raw`{"store":"\"", "store":"\""}`,
      'FILE:1:17: this key occurs twice in the same map',
    ],
    ['a syntax error', 'store: [a\n', 'FILE:2:1: not valid YAML: deficient indentation'],
    [
      'two documents',
      'store: a\n---\nstore: b\n',
      'FILE: not valid YAML: expected a single document in the stream, but found more',
    ],
    [
      'a foreign tag',
      'store: !!js/function x\n',
      'FILE:1:8: not valid YAML: unknown scalar tag !<tag:yaml.org,2002:js/function>',
    ],
  ]
  for (const [what, content, expected] of cases) t.equal(errorOf(t, content).message, expected, what)
  t.end()
})

t.test('refuses a file that is not there, a folder, one of gigabytes', (t) => {
  const folder = t.testdir({})
  const missing = join(folder, 'nope.yaml')
  t.throws(() => loadConfig(missing), {
    message: `${missing}: no such file`,
    hint: /hushfs init/,
    code: 'ERR_CONFIG',
  })
  const directory = join(folder, 'dir')
  mkdirSync(directory)
  t.throws(() => loadConfig(directory), { message: `${directory}: not a regular file` })
  const large = join(folder, 'large.yaml')
  writeFileSync(large, 'store: a\n')
  truncateSync(large, 5_000_000_000)
  t.throws(() => loadConfig(large), { message: `${large}: larger than 67108864 bytes` })
  t.end()
})

t.test('an error never repeats a value', (t) => {
  const { message } = errorOf(
    t,
    'store: [hunter2]\nsecrets:\n  a: hunter2\n  b: {source: hunter2}\n  c: {source: {text: x}, owner: "hunter2 :", mode: hunter2, units: [hunter2]}\n',
  )
  t.equal(message.split('\n').length, 6)
  t.notMatch(message, /hunter2/)
  t.end()
})

t.test('a control character in a key reaches no terminal and makes no line', (t) => {
  const { message } = errorOf(t, '"a\\e[31m\\nb": 1\n')
  t.equal(message.split('\n').length, 1)
  t.notMatch(message, /\u001b/)
  t.end()
})

t.test('modes, names and units at their edges', (t) => {
  const loads = (secret: string) =>
    t.doesNotThrow(() => loadConfig(fileWith(t, `secrets: {${secret}}`)), secret)
  const fails = (secret: string) =>
    t.throws(() => loadConfig(fileWith(t, `secrets: {${secret}}`)), ConfigError, secret)
  const S = 'source: {text: x}'
  for (const mode of ['"0770"', '"400"', '"000"']) loads(`a: {${S}, mode: ${mode}}`)
  for (const mode of ['"1400"', '"40"', '"00400"', '"0o400"', '"0480"', '""', 'true'])
    fails(`a: {${S}, mode: ${mode}}`)
  for (const owner of ['0', '4294967294', '"1000"', 'systemd-network'])
    loads(`a: {${S}, owner: ${owner}, group: ${owner}}`)
  for (const owner of ['4294967295', '-1', '1.5', '""', '"a:b"', '"a b"']) fails(`a: {${S}, owner: ${owner}}`)
  for (const unit of ['a@.service', 'user@1000.service', '"*"', '"?.scope"', 'x.mount'])
    loads(`a: {${S}, units: [${unit}]}`)
  for (const unit of ['a', '""', '"a b.service"', 'a/b.service', '"[ab].service"', '".service"', '5'])
    fails(`a: {${S}, units: [${unit}]}`)
  for (const unit of ['syncthing.service', '/x.service', 'a/b/c.service'])
    fails(`a: {${S}, userUnits: [${unit}]}`)
  for (const unit of ['"*.service"', 'nginx']) fails(`a: {${S}, restartUnits: [${unit}]}`)
  for (const span of ['30s', '5m', '24h']) loads(`a: {${S}, reads: {startup: ${span}}}`)
  for (const span of ['0s', '30', '1d', '-1s', '99999999s']) fails(`a: {${S}, reads: {startup: ${span}}}`)
  for (const name of ['a'.repeat(255), '-', '7', 'a.b@c:d+e_f-g/h', '__proto__', 'constructor'])
    loads(`${JSON.stringify(name)}: {${S}}`)
  for (const name of ['', 'a'.repeat(256), '/a', 'a/', 'a//b', '.a', 'a/.b', 'é', 'a b'])
    fails(`${JSON.stringify(name)}: {${S}}`)
  t.end()
})

t.test('100,000 secrets as JSON, and a conflict among them', (t) => {
  const names = Array.from({ length: 100_000 }, (_, i) => `service${i % 997}/secret${i}`)
  const secrets = Object.fromEntries(names.map((name) => [name, { source: { sealed: `${name}.sealed` } }]))
  t.equal(loadConfig(fileWith(t, JSON.stringify({ secrets }))).secrets.length, 100_000)
  const { message } = errorOf(
    t,
    JSON.stringify({ secrets: { ...secrets, 'service5/secret5/x': { source: { text: 'x' } } } }),
  )
  t.match(message, /^FILE:1:\d+: secrets\."service5\/secret5\/x": `service5\/secret5` is a secret too/)
  t.end()
})
