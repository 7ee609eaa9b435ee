/** Secrets of Vault and OpenBao, and the servers: what becomes of them, and their mistakes. */
import t from 'tap'
import { acceptedByHushfs } from '../support/nix/check-config.ts'
import { viewAll } from '../support/nix/evaluate.ts'
import { areRefused, failByAssertion, type Mistakes } from '../support/nix/mistakes.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'

const secret = (options: string) => `services.hushfs.secrets.s = { ${options} };`
const vault = (options = '') =>
  `services.hushfs.vaults.main = { address = "https://v.example"; auth.tokenFile = "/t"; ${options} };`
const whole = (text: string) => `{ services.hushfs.identityPaths = [ "/i" ]; ${text} }`

/** A module, and what the configuration file has of it. */
const rows: Readonly<Record<string, readonly [string, object]>> = {
  'each key': [
    `${vault('namespace = "team"; caFile = "/ca.pem"; maxStale = "1h"; timeout = "5s";')}
     ${secret('vault = { path = "kv/s"; field = "f"; version = 3; refresh = "5m"; };')}`,
    {
      secrets: { s: { source: { vault: { path: 'kv/s', field: 'f', version: 3, refresh: '5m' } } } },
      vaults: {
        main: {
          address: 'https://v.example',
          auth: { tokenFile: '/t' },
          namespace: 'team',
          caFile: '/ca.pem',
          maxStale: '1h',
          timeout: '5s',
        },
      },
    },
  ],
  'each way to sign in': [
    `services.hushfs.vaults = {
      a = { address = "https://a.example"; auth.approle = { roleId = "r"; secretIdFile = "/s"; }; };
      c = { address = "https://c.example"; auth.cert = { certFile = "/c"; keyFile = "/k"; role = "web"; }; };
      j = { address = "https://j.example"; auth.jwt = { role = "web"; jwtFile = "/j"; mount = "hosts"; }; };
    };
    ${secret('vault = { server = "j"; path = "kv/s"; field = "f"; };')}`,
    {
      vaults: {
        a: { auth: { approle: { roleId: 'r', secretIdFile: '/s', mount: 'approle' } } },
        c: { auth: { cert: { certFile: '/c', keyFile: '/k', role: 'web', mount: 'cert' } } },
        j: { auth: { jwt: { role: 'web', jwtFile: '/j', mount: 'hosts' } } },
      },
    },
  ],
}

t.test('each', needsNixpkgs, async (t) => {
  const unused = { 'no secret of it': [vault(), {}] } as const
  const modules = Object.entries({ ...rows, ...unused }).map(([name, [text]]) => [name, whole(text)])
  const views = await viewAll(Object.fromEntries(modules) as Record<string, string>)
  for (const [name, [, document]] of Object.entries({ ...rows, ...unused })) {
    const view = views[name]
    if (view === undefined) throw new Error(name)
    t.strictSame(view.failed, [], name)
    t.match(view.document, document, name)
    await acceptedByHushfs(t, name, view.document)
  }
  const service = (name: string) => views[name]?.services['hushfs']?.serviceConfig ?? {}
  t.notOk('PrivateNetwork' in service('each key'))
  t.equal(service('no secret of it')['PrivateNetwork'], true, 'no network for nothing')
  t.strictSame(
    service('each way to sign in')['LoadCredential'],
    ['i:/i', 's:/s', 'c:/c', 'k:/k', 'j:/j'],
    'systemd reads for the server what signs in',
  )
})

/** A module, and the message of its assertion. */
const mistakes: Mistakes = {
  'a server that is not there': [
    `${vault()} ${secret('vault = { server = "other"; path = "kv/s"; field = "f"; };')}`,
    /"s"\.vault\.server: there is no services\.hushfs\.vaults\."other"/,
  ],
  'no server': [
    secret('vault = { path = "kv/s"; field = "f"; };'),
    /"s"\.vault\.server: name one.*there are 0/,
  ],
  'two RoleIDs': [
    `services.hushfs.vaults.main = { address = "https://v"; auth.approle = { roleId = "r"; roleIdFile = "/r"; secretIdFile = "/s"; }; };`,
    /vaults\."main"\.auth\.approle: set exactly one of roleId and roleIdFile/,
  ],
  'a server whose name can not be one': [
    `services.hushfs.vaults."a b" = { address = "https://v"; auth.tokenFile = "/t"; };`,
    /vaults\."a b": the name of a server/,
  ],
  'two ways to sign in': [
    `services.hushfs.vaults.main = { address = "https://v"; auth = { tokenFile = "/t"; jwt = { role = "r"; jwtFile = "/j"; }; }; };`,
    /vaults\."main"\.auth: set exactly one of approle, cert, jwt, tokenFile/,
  ],
}

t.test('mistakes', needsNixpkgs, async (t) => {
  const modules = Object.entries(mistakes).map(([name, [text, message]]) => [name, [whole(text), message]])
  await failByAssertion(t, Object.fromEntries(modules) as Mistakes)
})

const refused: readonly (readonly [string, string])[] = [
  ['secrets.s.vault', '{ path = "kv/s"; field = "f"; version = 0; }'],
  ['vaults.main.address', '"vault.example"'],
  ['vaults.main.address', '"http://vault.example"'],
  ['vaults.main.address', '"https://vault.example/?a=b"'],
  ['vaults.main', '{ address = "https://v"; auth.tokenFile = "/t"; namespace = "a b"; }'],
  [
    'vaults.main',
    '{ address = "https://v"; auth.approle = { roleId = "r"; secretIdFile = "/s"; mount = "../x"; }; }',
  ],
  ['secrets.s.vault', '{ path = "kv"; field = "f"; }'],
  ['secrets.s.vault', '{ path = "kv/../x"; field = "f"; }'],
  ['vaults.main', '{ address = "https://v"; auth.tokenFile = ./package.nix; }'],
]

t.test('types', needsNixpkgs, (t) => areRefused(t, refused))

t.test('two hosts of the fleet differ in who they are', needsNixpkgs, async (t) => {
  const host = (name: string) => `{ imports = [ ./examples/fleet.nix ]; networking.hostName = "${name}"; }`
  const { one, two } = await viewAll({ one: host('one'), two: host('two') })
  const path = (view: typeof one) =>
    view.document['secrets'] as Record<string, { source: { vault: { path: string } } }>
  t.equal(path(one)['host/key']?.source.vault.path, 'kv/hosts/one')
  t.equal(path(two)['host/key']?.source.vault.path, 'kv/hosts/two')
  t.strictSame(path(one)['shared/token'], path(two)['shared/token'])
  await acceptedByHushfs(t, 'one', one.document)
})
