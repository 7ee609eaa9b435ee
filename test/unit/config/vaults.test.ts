import t from 'tap'
import { ConfigError } from '../../../src/base/errors.ts'
import { configOf } from '../../../src/config/load.ts'

const FILE = '/etc/hushfs/hushfs.yaml'
const secret = (vault: string) => `secrets:\n  a: {source: {vault: ${vault}}}\n`
const main = (rest: string) => `vaults:\n  main: {address: "https://vault.example:8200", ${rest}}\n`
const token = main('auth: {tokenFile: token}')

function problemsOf(text: string): string[] {
  try {
    configOf(FILE, text)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(FILE, 'FILE').split('\n')
    throw error
  }
  return []
}

t.test('fills in the defaults and makes paths absolute', (t) => {
  const { vaults, secrets } = configOf(FILE, token + secret('{path: /kv/db/, field: password}'))
  t.strictSame(vaults, [
    {
      name: 'main',
      address: 'https://vault.example:8200',
      namespace: undefined,
      auth: { kind: 'token', tokenFile: '/etc/hushfs/token' },
      caFile: undefined,
      maxStale: 86_400,
      timeout: 10,
    },
  ])
  t.strictSame(secrets[0]?.source, {
    kind: 'vault',
    server: 'main',
    path: 'kv/db',
    field: 'password',
    version: undefined,
    refresh: 60,
  })
  t.end()
})

t.test('takes every key', (t) => {
  const rest = 'namespace: /team/app/, caFile: ca.pem, maxStale: 1h, timeout: 5s'
  const text = `vaults:
  a: {address: "https://a/prefix/", auth: {approle: {roleIdFile: role, secretIdFile: /s, mount: apps/web}}, ${rest}}
  b: {address: "http://127.0.0.1:8200", auth: {approle: {roleId: r, secretIdFile: s}}}
  c: {address: "http://[::1]:8200", auth: {cert: {certFile: c, keyFile: k}}}
  d: {address: "http://localhost:8200", auth: {cert: {certFile: c, keyFile: k, role: web, mount: tls}}}
  e: {address: "https://e", auth: {jwt: {role: web, jwtFile: /run/jwt}}}
${secret('{server: e, path: deep/kv2/a b/ü, field: "x y", version: 3, refresh: 5m}')}`
  const { vaults, secrets } = configOf(FILE, text)
  t.strictSame(
    vaults.map(({ auth }) => auth),
    [
      {
        kind: 'approle',
        roleIdFile: '/etc/hushfs/role',
        secretIdFile: '/s',
        mount: 'apps/web',
      },
      { kind: 'approle', roleId: 'r', secretIdFile: '/etc/hushfs/s', mount: 'approle' },
      { kind: 'cert', certFile: '/etc/hushfs/c', keyFile: '/etc/hushfs/k', role: undefined, mount: 'cert' },
      { kind: 'cert', certFile: '/etc/hushfs/c', keyFile: '/etc/hushfs/k', role: 'web', mount: 'tls' },
      { kind: 'jwt', role: 'web', jwtFile: '/run/jwt', mount: 'jwt' },
    ],
  )
  const [a] = vaults
  const given = { namespace: 'team/app', caFile: '/etc/hushfs/ca.pem', maxStale: 3600, timeout: 5 }
  t.match(a, { address: 'https://a/prefix', ...given })
  const source = { server: 'e', path: 'deep/kv2/a b/ü', field: 'x y', version: 3, refresh: 300 }
  t.strictSame(secrets[0]?.source, { kind: 'vault', ...source })
  t.end()
})

const https =
  'expected an https address: with http anyone on the way reads the secrets (only this machine itself may be http)'
const address = 'expected an address such as https://vault.example:8200'
const one = 'one of tokenFile, approle, cert, jwt'
const path = 'expected a path such as kv/db, without empty parts, `.`, `..` and control characters'
const refused: [string, string, string[]][] = [
  [
    'no auth',
    main('maxStale: 1h'),
    [`FILE:2:3: vaults.main.auth: expected ${one}, such as {tokenFile: FILE}, got nothing`],
  ],
  [
    'two auths',
    main('auth: {tokenFile: a, jwt: {role: a, jwtFile: b}}'),
    [`FILE:2:49: vaults.main.auth: expected exactly ${one}`],
  ],
  [
    'an auth of no kind',
    main('auth: {tokenfile: a}'),
    ['FILE:2:56: vaults.main.auth.tokenfile: unknown key `tokenfile`; did you mean `tokenFile`?'],
  ],
  [
    'an unknown key far inside',
    main('auth: {approle: {roleID: a, secretIdFile: b}}'),
    ['FILE:2:66: vaults.main.auth.approle.roleID: unknown key `roleID`; did you mean `roleId`?'],
  ],
  [
    'an AppRole without a role',
    main('auth: {approle: {secretIdFile: b}}'),
    ['FILE:2:56: vaults.main.auth.approle: expected exactly one of roleId, roleIdFile'],
  ],
  [
    'a name',
    'vaults:\n  "a b": {address: "https://a", auth: {tokenFile: a}}\n',
    ['FILE:2:4: vaults."a b": expected the name of a vault: letters, digits, _ and -'],
  ],
  [
    'a proto',
    'vaults:\n  __proto__: {}\n',
    [
      'FILE:2:3: vaults.__proto__: expected the name of a vault: letters, digits, _ and -',
      'FILE:2:3: vaults.__proto__.address: expected an address such as https://vault.example:8200, got nothing',
      `FILE:2:3: vaults.__proto__.auth: expected ${one}, such as {tokenFile: FILE}, got nothing`,
    ],
  ],
  [
    'http',
    'vaults: {a: {address: "http://vault:8200", auth: {tokenFile: a}}}\n',
    [`FILE:1:14: vaults.a.address: ${https}`],
  ],
  [
    'another scheme',
    'vaults: {a: {address: "ftp://vault", auth: {tokenFile: a}}}\n',
    [`FILE:1:14: vaults.a.address: ${address}`],
  ],
  [
    'a password in the address',
    'vaults: {a: {address: "https://u:p@vault", auth: {tokenFile: a}}}\n',
    [`FILE:1:14: vaults.a.address: ${address}, without user, query and fragment`],
  ],
  [
    'no server',
    secret('{path: kv/db, field: a}'),
    ['FILE:2:16: secrets.a.source.vault: there is no server to ask; describe it under `vaults`'],
  ],
  [
    'another server',
    token + secret('{server: mian, path: kv/db, field: a}'),
    ['FILE:4:24: secrets.a.source.vault.server: no such server under `vaults`; there is main'],
  ],
  [
    'one of two servers',
    `${token}  b: {address: "https://b", auth: {tokenFile: token}}\n${secret('{path: kv/db, field: a}')}`,
    ['FILE:5:16: secrets.a.source.vault: expected `server`, one of main, b'],
  ],
  ...['kv', 'kv//db', 'kv/../sys', './kv/db', 'kv/db/..', '/', 'kv/a\\tb'].map(
    (bad): [string, string, string[]] => [
      `the path ${bad}`,
      token + secret(`{path: "${bad}", field: a}`),
      [`FILE:4:24: secrets.a.source.vault.path: ${path}`],
    ],
  ),
  [
    'version 0',
    token + secret('{path: kv/db, field: a, version: 0}'),
    ['FILE:4:47: secrets.a.source.vault.version: expected the number of a version, from 1'],
  ],
  [
    'no field',
    token + secret('{path: kv/db}'),
    ['FILE:4:16: secrets.a.source.vault.field: expected the name of a field, got nothing'],
  ],
  ['a list', 'vaults: [a]\n', ['FILE:1:1: vaults: expected a map of vaults, got a list']],
]
for (const [what, text, messages] of refused)
  t.test(`refused: ${what}`, (t) => {
    t.strictSame(problemsOf(text), messages)
    t.end()
  })

t.test('a path may have dots and spaces where they mean nothing', (t) => {
  for (const good of ['kv/.hidden', 'kv/a..b', 'kv/...', 'kv/a b', 'kv/a?b#c%2f'])
    t.strictSame(problemsOf(token + secret(`{path: "${good}", field: a}`)), [], good)
  t.end()
})
