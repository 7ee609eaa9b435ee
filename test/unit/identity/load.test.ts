import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bech32 } from '@scure/base'
import t from 'tap'
import { IdentityError } from '../../../src/base/errors.ts'
import { loadIdentities, loadIdentityFile, parseIdentityFile } from '../../../src/identity/load.ts'
import { recipientOf } from '../../../src/identity/recipient.ts'
import { ageRecipientOf } from '../../support/age-recipient.ts'
import { run, sshKeygen } from '../../support/tools.ts'

const folder = t.testdir()
const path = (name: string) => join(folder, name)
const ed25519 = sshKeygen(path('ed25519'), '-t', 'ed25519')
const rsa = sshKeygen(path('rsa'), '-t', 'rsa', '-b', '2048')
run('age-keygen', ['-o', path('age')])

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(path(name), content)
  return path(name)
}

/** The wire form in a .pub file. */
const publicBlob = (key: string) =>
  Buffer.from(readFileSync(`${key}.pub`, 'utf8').split(' ')[1] ?? '', 'base64')

t.test('an identity file of age', (t) => {
  const [identity, ...more] = loadIdentityFile(path('age'))
  if (identity?.kind !== 'x25519') throw new Error('kind')
  t.same(more, [])
  t.equal(identity.origin, path('age'))
  const recipient = recipientOf(identity)
  t.equal(
    recipient && ageRecipientOf(recipient),
    run('age-keygen', ['-y', path('age')])
      .toString()
      .trim(),
  )
  t.end()
})

t.test('several keys, comments, blank lines, CRLF and no newline at the end', (t) => {
  const key = (fill: number) =>
    bech32.encodeFromBytes('age-secret-key-', new Uint8Array(32).fill(fill)).toUpperCase()
  const text = ['# one', key(1), '', '  # two', `  ${key(2)}`, key(3)].join('\r\n')
  const identities = loadIdentityFile(write('several', text))
  t.same(
    identities.map((identity) => identity.kind === 'x25519' && identity.secretKey[0]),
    [1, 2, 3],
  )
  t.end()
})

t.test('SSH keys as ssh-keygen writes them', (t) => {
  for (const [name, type, ...options] of [
    ['a', 'ed25519'],
    ['b', 'rsa', '-b', '1024'],
    ['c', 'rsa', '-b', '3072'],
    ['d', 'rsa', '-b', '4096'],
    ['e', 'rsa', '-b', '2048', '-m', 'PEM'],
    ['f', 'rsa', '-b', '2048', '-m', 'PKCS8'],
  ] as const) {
    const file = sshKeygen(path(name), '-t', type, ...options)
    const [identity] = loadIdentityFile(file)
    if (identity === undefined || identity.kind === 'x25519') throw new Error('kind')
    t.equal(identity.kind, `ssh-${type}`)
    t.same(Buffer.from(identity.sshPublicKey), publicBlob(file), `${name} ${options.join(' ')}`)
    const crlf = Buffer.from(readFileSync(file, 'latin1').replaceAll('\n', '\r\n'))
    t.match(parseIdentityFile(crlf, file)[0], { kind: `ssh-${type}` }, 'CRLF')
  }
  t.end()
})

t.test('an RSA key of OpenSSH becomes the very key that OpenSSL reads', (t) => {
  const [identity] = loadIdentityFile(rsa)
  const copy = write('rsa-as-pem', readFileSync(rsa))
  run('chmod', ['600', copy])
  run('ssh-keygen', ['-q', '-p', '-N', '', '-m', 'PKCS8', '-f', copy])
  if (identity?.kind !== 'ssh-rsa') throw new Error('kind')
  const der = (key: KeyObject) => key.export({ format: 'der', type: 'pkcs1' })
  t.ok(
    der(identity.privateKey).equals(der(createPrivateKey(readFileSync(copy)))),
    'the CRT exponents included',
  )
  t.end()
})

t.test('an Ed25519 key in PKCS#8, as openssl writes it', (t) => {
  const file = path('ed25519-pkcs8')
  run('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', file])
  const [identity] = loadIdentityFile(file)
  const spki = createPublicKey(readFileSync(file)).export({ format: 'der', type: 'spki' })
  if (identity?.kind !== 'ssh-ed25519') throw new Error('kind')
  t.same(identity.sshPublicKey.slice(-32), new Uint8Array(spki.subarray(-32)))
  t.end()
})

t.test('what is no usable identity: the error names the file and what to do', (t) => {
  const pq = `AGE-SECRET-KEY-PQ-1${'Q'.repeat(58)}`
  const key = bech32.encodeFromBytes('age-secret-key-', new Uint8Array(32).fill(7)).toUpperCase()
  const short = bech32.encodeFromBytes('age-secret-key-', new Uint8Array(31).fill(7)).toUpperCase()
  const x448 = run('openssl', ['genpkey', '-algorithm', 'x448']).toString()
  const cases: readonly (readonly [string, string, RegExp, RegExp])[] = [
    ['post-quantum', pq, /post-quantum .*not supported/, /keygen/],
    ['plugin', 'AGE-PLUGIN-YUBIKEY-1QQQ', /plugin .*not supported/, /keygen/],
    ['mistyped', key.replace('Q', 'P'), /line 1: the private key is mistyped/, /backup/],
    ['lower-case', key.toLowerCase(), /line 1: not a private key/, /OpenSSH/],
    ['mixed-case', key.replace(/.$/, (c) => c.toLowerCase()), /mistyped/, /backup/],
    ['of-31-bytes', short, /mistyped/, /backup/],
    ['second-line', `${key}\nhello`, /line 2: not a private key/, /OpenSSH/],
    ['empty', '', /no private key/, /OpenSSH/],
    ['only-comments', '# nothing\n', /no private key/, /OpenSSH/],
    ['public', readFileSync(`${ed25519}.pub`, 'utf8'), /line 1: this is a public key/, /\.pub/],
    ['age-public', 'age1abc', /line 1: this is a public key/, /\.pub/],
    ['age-file', 'age-encryption.org/v1\n', /itself encrypted/, /age -d/],
    [
      'age-armor',
      '-----BEGIN AGE ENCRYPTED FILE-----\n-----END AGE ENCRYPTED FILE-----\n',
      /itself encrypted/,
      /-d/,
    ],
    ['x448', x448, /x448 .*can't open secrets/, /ssh-ed25519/],
    ['certificate', x448.replaceAll('PRIVATE KEY', 'CERTIFICATE'), /CERTIFICATE/, /ssh-ed25519/],
  ]
  for (const [name, content, message, hint] of cases) {
    const file = write(name, content)
    t.throws(() => loadIdentityFile(file), { code: 'ERR_IDENTITY', message, hint }, name)
    t.throws(() => loadIdentityFile(file), { message: `${file}: ` }, name)
  }
  for (const [name, ...options] of [
    ['ecdsa', '-t', 'ecdsa'],
    ['ecdsa-pem', '-t', 'ecdsa', '-m', 'PEM'],
    ['ecdsa-pkcs8', '-t', 'ecdsa', '-m', 'PKCS8'],
  ] as const) {
    const file = sshKeygen(path(name), ...options)
    t.throws(() => loadIdentityFile(file), { message: /can't open secrets/, hint: /ssh-ed25519/ }, name)
  }
  t.end()
})

t.test('a passphrase', (t) => {
  for (const [name, ...options] of [
    ['p1', '-t', 'ed25519'],
    ['p2', '-t', 'rsa', '-b', '2048'],
    ['p3', '-t', 'rsa', '-b', '2048', '-m', 'PEM'],
    ['p4', '-t', 'rsa', '-b', '2048', '-m', 'PKCS8'],
  ] as const) {
    const file = path(name)
    run('ssh-keygen', ['-q', '-N', 'correct horse', '-f', file, ...options])
    t.throws(
      () => loadIdentityFile(file),
      { message: /protected by a passphrase/, hint: /ssh-keygen -p/ },
      name,
    )
  }
  t.end()
})

t.test('no byte of a damaged key is in the error', (t) => {
  const key = bech32.encodeFromBytes('age-secret-key-', new Uint8Array(32).fill(7)).toUpperCase()
  const body = readFileSync(ed25519, 'latin1').split('\n')[2] ?? ''
  const spoilt: readonly (readonly [string, string])[] = [
    [key.slice(0, -1), key.slice(20, 40)],
    [`x${key}`, key.slice(20, 40)],
    [readFileSync(ed25519, 'latin1').replace('BEGIN', 'BEGIM'), body],
    [readFileSync(ed25519, 'latin1').replace(body, `!${body}`), body],
  ]
  for (const [text, secret] of spoilt) {
    let thrown: unknown
    try {
      parseIdentityFile(Buffer.from(text), 'origin')
    } catch (error) {
      thrown = error
    }
    if (!(thrown instanceof IdentityError)) throw new Error('accepted')
    t.notOk(JSON.stringify([thrown.message, thrown.hint, thrown.stack]).includes(secret))
  }
  t.end()
})

t.test('several files: what is missing or unusable is a problem, the rest is loaded in order', (t) => {
  const bad = write('bad', 'hello')
  const large = write('large', Buffer.alloc((256 << 10) + 1))
  const { identities, problems } = loadIdentities([
    path('absent'),
    rsa,
    bad,
    ed25519,
    folder,
    large,
    path('age'),
  ])
  t.same(
    identities.map(({ origin }) => origin),
    [rsa, ed25519, path('age')],
  )
  t.same(problems, [
    `${path('absent')}: no such file`,
    `${bad}: line 1: not a private key`,
    `${folder}: not a regular file`,
    `${large}: larger than 262144 bytes`,
  ])
  t.throws(() => loadIdentityFile(path('absent')), { code: 'ERR_IDENTITY', hint: /keygen/ })
  t.end()
})

t.test('the bytes are left to the caller, who can wipe them without harm to the identity', (t) => {
  for (const file of [path('age'), ed25519]) {
    const bytes = readFileSync(file)
    const [identity] = parseIdentityFile(bytes, file)
    const before = structuredClone(identity)
    bytes.fill(0)
    t.same(identity, before)
  }
  t.end()
})
