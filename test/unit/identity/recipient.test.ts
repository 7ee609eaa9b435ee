import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bech32 } from '@scure/base'
import t from 'tap'
import { loadSodium } from '../../../src/crypto/sodium.ts'
import { loadIdentityFile } from '../../../src/identity/load.ts'
import { formatRecipient, parseRecipient, recipientOf } from '../../../src/identity/recipient.ts'
import { ageRecipientOf } from '../../support/age-recipient.ts'
import { run, sshKeygen } from '../../support/tools.ts'

await loadSodium()
const folder = t.testdir()
const ed25519 = sshKeygen(join(folder, 'ed25519'), '-t', 'ed25519')
const rsa = sshKeygen(join(folder, 'rsa'), '-t', 'rsa', '-b', '2048')
const age = join(folder, 'age')
run('age-keygen', ['-o', age])
const ageText = run('age-keygen', ['-y', age]).toString()
const publicKey = new Uint8Array(32).fill(5)

t.test('a recipient is 32 bytes and their canonical text', (t) => {
  const text = formatRecipient(publicKey)
  t.match(text, /^hushfs1[a-z0-9]{58}$/)
  t.same(parseRecipient(` ${text}\n`), { publicKey, text })
  t.same(parseRecipient(bech32.encodeFromBytes('age', publicKey)), { publicKey, text })
  t.end()
})

t.test('each public half fits its private half', (t) => {
  const sshText = readFileSync(`${ed25519}.pub`, 'utf8')
  for (const [text, file] of [
    [ageText, age],
    [sshText, ed25519],
    [sshText.split(' ').slice(0, 2).join(' '), ed25519],
  ] as const) {
    const [identity] = loadIdentityFile(file)
    const recipient = identity && recipientOf(identity)
    if (recipient === undefined) throw new Error('no recipient')
    t.same(parseRecipient(text), { ...recipient, publicKey: Uint8Array.from(recipient.publicKey) })
  }
  const [identity] = loadIdentityFile(rsa)
  t.equal(identity && recipientOf(identity), undefined, 'an RSA key is no recipient')
  t.end()
})

t.test('the ssh-to-age form is the one that others compute', (t) => {
  // Key and recipient of the test assets of sops-nix, made with ssh-to-age.
  t.equal(
    ageRecipientOf(
      parseRecipient('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBI1+Q+ntzANebtnicCiAY29uqLGWOaOGLEa8bUqOVmS'),
    ),
    'age1a8pk4akrdamj7nvqy3zywgtny8dxz7t5xzu7u8v9mhrayp9freqsqatyrs',
  )
  t.end()
})

t.test('what is no recipient', (t) => {
  const hushfs = formatRecipient(publicKey)
  const blob = readFileSync(`${ed25519}.pub`, 'utf8').split(' ')[1] ?? ''
  const cut = Buffer.from(blob, 'base64').subarray(0, -1).toString('base64')
  // y = 0 is a point of order 4 (not in the main subgroup).
  const order4 = Buffer.concat([Buffer.from(blob, 'base64').subarray(0, -32), Buffer.alloc(32)]).toString(
    'base64',
  )
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /^not a recipient$/],
    ['hello', /^not a recipient$/],
    [hushfs.toUpperCase(), /^not a recipient$/],
    [hushfs.slice(0, -1), /mistyped or cut short/],
    [hushfs.replace(/.$/, (c) => (c === 'q' ? 'p' : 'q')), /mistyped or cut short/],
    [hushfs.replace('1q', '1Q'), /mistyped or cut short/],
    [bech32.encodeFromBytes('hushfs', publicKey.subarray(1)), /mistyped or cut short/],
    [ageText.trim().slice(0, -1), /mistyped or cut short/],
    ['age1pq1qqqq', /post-quantum/],
    ['age1tag1qqqq', /tagged/],
    ['age1tagpq1qqqq', /tagged/],
    ['age1yubikey1qqqq', /plugin/],
    [readFileSync(`${rsa}.pub`, 'utf8'), /RSA key can't be/],
    ['ecdsa-sha2-nistp256 AAAA', /ECDSA/],
    ['sk-ssh-ed25519@openssh.com AAAA', /hardware-backed/],
    ['ssh-dss AAAA', /not supported/],
    ['ssh-ed25519-cert-v01@openssh.com AAAA', /not supported/],
    ['ssh-ed25519 ', /not supported/],
    ['ssh-ed25519 AAAA', /truncated or damaged/],
    [`ssh-ed25519 ${cut}`, /truncated or damaged/],
    [`ssh-ed25519 ${blob}AAAA`, /mistyped or cut short/],
    [`ssh-ed25519 !${blob}`, /mistyped or cut short/],
    [`ssh-ed25519 ${order4}`, /not a usable public key/],
  ]
  for (const [text, message] of cases)
    t.throws(() => parseRecipient(text), { code: 'ERR_IDENTITY', message }, text)
  t.end()
})

t.test('a private key given by mistake is refused without a word of it', (t) => {
  const secret = readFileSync(age, 'utf8').split('\n').at(-2) ?? ''
  t.match(secret, /^AGE-SECRET-KEY-1/)
  for (const text of [secret, secret.toLowerCase(), readFileSync(ed25519, 'utf8'), 'AGE-PLUGIN-X-1QQ'])
    t.throws(() => parseRecipient(text), { message: /^a private key was given [^0-9]*$/ })
  t.end()
})

t.test('keys that nothing can be sealed for are refused', async (t) => {
  const sodium = await loadSodium()
  const message = sodium.allocate(1)
  t.teardown(() => message.free())
  const hex = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
  ]
  for (const text of hex.flatMap((h) => [
    h,
    h.slice(0, 62) + (parseInt(h.slice(62), 16) | 0x80).toString(16),
  ])) {
    const key = Uint8Array.from(Buffer.from(text, 'hex'))
    t.throws(() => sodium.seal(message, key), 'libsodium refuses it')
    t.throws(() => parseRecipient(formatRecipient(key)), { message: /not a usable public key/ }, text)
  }
})
