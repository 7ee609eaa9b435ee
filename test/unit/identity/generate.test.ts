import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadSodium } from '../../../src/crypto/sodium.ts'
import { curve25519Identity } from '../../../src/identity/curve25519.ts'
import { generateIdentity } from '../../../src/identity/generate.ts'
import { loadIdentityFile, parseIdentityFile } from '../../../src/identity/load.ts'
import { recipientOf } from '../../../src/identity/recipient.ts'

t.test('a new identity is a file like those of age-keygen, which loads', (t) => {
  const { file, recipient } = generateIdentity(new Date('2026-01-02T03:04:05.678Z'))
  const lines = Buffer.from(file).toString().split('\n')
  t.same(lines.slice(0, 2), ['# created: 2026-01-02T03:04:05Z', `# public key: ${recipient}`])
  t.match(lines[2], /^HUSHFS-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/)
  t.same(lines.slice(3), [''])
  const path = join(t.testdir(), 'identity')
  writeFileSync(path, file)
  const [identity, ...more] = loadIdentityFile(path)
  if (identity === undefined) throw new Error('no identity')
  t.equal(recipientOf(identity)?.text, recipient)
  t.same(more, [])
  t.end()
})

t.test('each is new', (t) => {
  t.not(generateIdentity().recipient, generateIdentity().recipient)
  t.end()
})

t.test('an identity from bytes has the public key that libsodium computes', async (t) => {
  const sodium = await loadSodium()
  const secretKey = randomBytes(32)
  const region = sodium.allocateFrom(secretKey)
  t.teardown(() => region.free())
  t.match(curve25519Identity(secretKey, 'test'), {
    kind: 'x25519',
    secretKey,
    publicKey: sodium.publicKeyOf(region),
    origin: 'test',
  })
})

t.test('a key with the prefix of another kind fails its checksum', (t) => {
  const text = Buffer.from(generateIdentity().file).toString().replace('HUSHFS-', 'AGE-')
  t.throws(() => parseIdentityFile(Buffer.from(text), 'origin'), { message: /mistyped/ })
  t.end()
})
