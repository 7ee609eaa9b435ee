import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SopsFormat } from '../../src/config/config.ts'
import { encodeBatch } from '../../src/daemon/unseal-protocol.ts'
import { decodeBase64, parsePem } from '../../src/identity/pem.ts'
import { parseRecipient, recipientOf } from '../../src/identity/recipient.ts'
import { sealSecret } from '../../src/sealed/seal.ts'
import { storedLength } from '../../src/vault/value.ts'
import { ageVectors } from '../support/age-vectors.ts'
import { parseGolden } from '../support/golden.ts'
import { extensions, sopsIn, withoutSops } from '../support/sops.ts'
import { fixtureIdentities } from './identities.ts'

/** What the mutations of a target start from, by its name. */
export const seeds: Readonly<Record<string, () => Uint8Array[] | Promise<Uint8Array[]>>> = {
  'sops-yaml': () => [fixture('sops/secrets.yaml'), ...encrypted('yaml', SOPS_YAML), Buffer.from(PLAIN_YAML)],
  'sops-json': () => [...encrypted('json', '{"a": {"b": [1, 1.5, true, null, "x"]}, "é": "\\u00e9"}')],
  'sops-dotenv': () => [...encrypted('dotenv', '# keep clear\nA=1\nB=x\\ny\nEMPTY=\n')],
  'sops-ini': () => [
    ...encrypted('ini', '; keep clear\na = 1\n[s]\nlines = """x\ny"""\nb = `x`\n\'q\' = "it\'s" ; behind\n'),
  ],
  'sops-binary': () => [...encrypted('binary', 'bytes\0')],
  sealed: async () => [
    ...folder('test/vectors/sealed', /\.sealed$/),
    ...(await Promise.all(
      ['', 'value\n'].map(async (text) => sealSecret('a/b', Buffer.from(text), recipients())),
    )),
  ],
  age: () => [
    ...folder('test/fixtures/agenix', /\.age$/),
    ...ageVectors.flatMap(({ file }) => (file.length < 1000 ? [file] : [])),
  ],
  identity: () => [...identityFiles(), Buffer.from(`# comment\n${AGE_KEY}\n`), Buffer.from(PKCS8)],
  openssh: () =>
    identityFiles().flatMap((file) => {
      const pem = parsePem(file, 'FILE')
      return pem === undefined ? [] : [decodeBase64(pem.body) ?? Buffer.alloc(0)]
    }),
  recipient: () => [
    ...recipients().map(({ text }) => Buffer.from(text)),
    ...folder('test/fixtures', /\.pub$/),
    Buffer.from('age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa'),
  ],
  config: () => [
    Buffer.from(CONFIG),
    Buffer.from('{"secrets": {"a": {"source": {"text": "x"}, "owner": 0, "mode": "0440"}}}'),
    ...manualExamples(),
  ],
  template: () => [
    Buffer.from('A=${hushfs:db/password|urlencode}\nB=${hushfs:token}${hushfs:a|json}\0\xff value'),
    Buffer.from('${hushfs:a|shell} ${hushfs:a|systemd} ${hushfs:a|base64}\0\'"$`\\\n'),
  ],
  'environment-file': () => [
    Buffer.from('# c\nA=1\n; d\nB="x\\"y" z \\\n w\nC=\'s\'"d"u  \nD=\n'),
    Buffer.from("E = a\\\\b\r\nF='two\nlines'\n"),
  ],
  'unseal-batches': () => [
    streamed(
      64,
      [
        [0, 'why'],
        [1, 'why', true],
      ],
      [],
    ),
    streamed(255, [[2, 5, 77, 1_700_000_000]], [Buffer.alloc(storedLength(5), 7)]),
  ],
  'fuse-request': () =>
    readdirSync('test/wire/golden')
      .sort()
      .map((name) => parseGolden(readFileSync(join('test/wire/golden', name), 'utf8')).bytes),
  'vault-answer': () =>
    VAULT_ANSWERS.flatMap((body) =>
      [0, 4].map((status) => Buffer.from(String.fromCharCode(status) + body, 'latin1')),
    ),
}

/** Targets that something was planted in (fuzz.test.ts). */
export const controls: readonly string[] = ['../controls/crash', '../controls/hang']

const SOPS_YAML = `# c
text: hello # behind
# keep clear
empty: ""
n: [1, 1.5, true, null, 2001-12-14t21:59:43.10-05:00]
m: &a {k: v}
b: *a
lines: |
  one
  two
bin: !!binary aGVsbG8A/w==
`
const PLAIN_YAML = `a: 0o17
b: 0x1F
c: 1_000
d: [.inf, .NaN, ~, yes]
"e\\u2028": >-
  folded
? f
: {x: "y\\
    z"}
<<: {g: 'it''s'}
---
h: - 1
sops: {mac: x, lastmodified: "2020-01-01T00:00:00Z", age: []}
`
const CONFIG = `# c
mountPoint: /run/hushfs
identities: [/etc/ssh/key]
vaults:
  main: {address: "https://v:8200", namespace: t, auth: {approle: {roleId: r, secretIdFile: f}}, caFile: f}
secrets:
  db/password:
    source: {sealed: db.sealed}
    owner: postgres
    mode: "0400"
    units: ["a@*.service"]
    reads: {startup: 30s}
    restartUnits: [a.service]
  b: {source: {sops: {file: x.yaml, key: a/0, format: yaml}}, reads: once}
  c: {source: {exec: {command: [/bin/true], timeout: 10s, refresh: 5m}}}
  d: {source: {vault: {path: kv/x, field: y, version: 2, refresh: 1m}}, userUnits: [alice/x.service]}
templates:
  app.env:
    content: "A=\${hushfs:b|systemd}\\n"
    owner: app
`
const VAULT_ANSWERS = [
  '{"errors": ["permission denied"]}',
  '{"auth": {"client_token": "s.x", "lease_duration": 60, "renewable": true}}',
  '{"data": {"ttl": 60, "renewable": false}}',
  '{"data": {"path": "kv/", "type": "kv", "options": {"version": "2"}}}',
  '{"data": {"password": "p\\u00e9\\ud83d\\ude00", "n": 1.5e3}}',
  '{"data": {"data": {"password": "x", "n": [1, {"a": null}]}, "metadata": {"version": 2, "created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "destroyed": false}}}',
  '{"data": {"current_version": 2, "versions": {"2": {"created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "destroyed": false}}}}',
]
const AGE_KEY = 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX'
/** RFC 8410, section 10.3. */
const PKCS8 = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
`

function fixture(path: string): Buffer {
  return readFileSync(join('test/fixtures', path))
}

/** The files below a folder that match, in their order. */
function folder(path: string, names: RegExp): Buffer[] {
  const all = readdirSync(path, { recursive: true, encoding: 'utf8' })
  return all
    .filter((name) => names.test(name))
    .sort()
    .map((name) => readFileSync(join(path, name)))
}

const identityFiles = () => ['sops/age-keys.txt', 'sops/ssh-ed25519-key', 'agenix/user1'].map(fixture)

function recipients() {
  return fixtureIdentities()
    .flatMap((identity) => recipientOf(identity) ?? [])
    .map(({ text }) => parseRecipient(text))
}

/** Of the real sops, for the age key of the fixtures, by several rules, and with values that claim other types; the plain text where sops was left out. */
function encrypted(format: SopsFormat, plain: string): Buffer[] {
  if ('skip' in withoutSops) return [Buffer.from(plain)]
  const work = mkdtempSync(join(tmpdir(), 'hushfs-fuzz-'))
  try {
    const sops = sopsIn(work)
    const age = /age1[0-9a-z]+/.exec(fixture('sops/age-keys.txt').toString())?.[0] ?? ''
    const name = `a.${extensions[format]}`
    const rules = [
      {},
      { encrypted_regex: '^a' },
      { unencrypted_comment_regex: 'keep clear' },
      { mac_only_encrypted: true },
    ]
    const some = format === 'binary' ? rules.slice(0, 1) : rules
    const files = some.map((rule) => readFileSync(sops.encryptBy(name, plain, { age, ...rule })))
    // The type isn't authenticated: a string can claim to be anything.
    const claims = ['int', 'float', 'bool', 'time', 'bytes', 'comment'].map((type) =>
      Buffer.from((files[0] ?? '').toString().replaceAll('type:str]', `type:${type}]`)),
    )
    return [...files, ...claims]
  } finally {
    rmSync(work, { recursive: true })
  }
}

/** A stream that is cut after every `cut` bytes. */
function streamed(cut: number, ...[descriptions, stored]: Parameters<typeof encodeBatch>): Buffer {
  return Buffer.concat([Buffer.of(cut), encodeBatch(descriptions, stored), encodeBatch([], [])])
}

/** The configurations of the README. */
function manualExamples(): Buffer[] {
  const found = readFileSync('README.md', 'utf8').matchAll(/^```yaml\n([^]*?)^```/gm)
  return [...found].map(([, text = '']) => Buffer.from(text))
}
