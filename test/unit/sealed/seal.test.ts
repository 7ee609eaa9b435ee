import { randomBytes } from 'node:crypto'
import t from 'tap'
import { SealedError } from '../../../src/base/errors.ts'
import {
  MAX_PLAINTEXT_BYTES,
  MAX_SEALED_FILE_BYTES,
  parseSealed,
  plaintextLength,
} from '../../../src/sealed/format.ts'
import { openSealed, sealSecret } from '../../../src/sealed/seal.ts'
import { MAX_SECRET_BYTES } from '../../../src/sources/source.ts'
import { keyPair } from '../../support/keys.ts'

const alice = await keyPair(1)
const bob = await keyPair(2)
const eve = await keyPair(3)

t.test('values of every size class come back as they were', async (t) => {
  for (const length of [0, 1, 31, 32, 33, 47, 48, 49, 1_000, 65_536, MAX_PLAINTEXT_BYTES]) {
    const value = randomBytes(length)
    const file = await sealSecret('a', value, [alice.recipient])
    t.equal(plaintextLength(parseSealed(file)), length)
    t.ok(value.equals(await openSealed(file, 'a', [alice.identity])), `${length} bytes`)
  }
})

t.test('the limits agree: a secret of the largest size for the most recipients fits', async (t) => {
  t.equal(MAX_PLAINTEXT_BYTES, MAX_SECRET_BYTES)
  const pairs = await Promise.all(Array.from({ length: 256 }, (_, index) => keyPair(index)))
  const recipients = pairs.map(({ recipient }) => recipient)
  const name = 'n'.repeat(255)
  const file = await sealSecret(name, new Uint8Array(MAX_PLAINTEXT_BYTES), recipients)
  t.ok(file.length <= MAX_SEALED_FILE_BYTES)
  t.equal(
    (await openSealed(file, name, [pairs[255]?.identity ?? alice.identity])).length,
    MAX_PLAINTEXT_BYTES,
  )
  const more = [...recipients, { publicKey: alice.recipient.publicKey, text: 'hushfs1another' }]
  await t.rejects(sealSecret('a', new Uint8Array(1), more), { message: /257 recipients/ })
})

t.test('what can not be sealed', async (t) => {
  const value = new Uint8Array(MAX_PLAINTEXT_BYTES + 1)
  await t.rejects(sealSecret('a', value, [alice.recipient]), { code: 'ERR_SEALED', message: /at most 1 MiB/ })
  await t.rejects(sealSecret('a', new Uint8Array(1), []), { code: 'ERR_SEALED', message: /no recipient/ })
  await t.rejects(sealSecret('.a', new Uint8Array(1), [alice.recipient]), {
    code: 'ERR_SEALED',
    message: /dot/,
  })
})

t.test('every write draws afresh', async (t) => {
  const write = () => sealSecret('a', Buffer.from('same'), [alice.recipient])
  const files = (await Promise.all([write(), write()])).map(parseSealed)
  t.notSame(files[0]?.nonce, files[1]?.nonce)
  t.notSame(files[0]?.payload, files[1]?.payload)
  t.notSame(files[0]?.recipients[0]?.box, files[1]?.recipients[0]?.box)
})

t.test('a recipient given twice is one line', async (t) => {
  const file = await sealSecret('a', Buffer.from('v'), [bob.recipient, alice.recipient, bob.recipient])
  t.same(
    parseSealed(file).recipients.map(({ text }) => text),
    [alice.recipient.text, bob.recipient.text].sort(),
  )
})

t.test('the identity that fits is found among others', async (t) => {
  const file = await sealSecret('a', Buffer.from('v'), [bob.recipient])
  t.same(
    Buffer.from(await openSealed(file, 'a', [eve.identity, alice.identity, bob.identity])),
    Buffer.from('v'),
  )
})

t.test(
  'no identity fits: the error lists the recipients and what kept identities from being read',
  async (t) => {
    const file = await sealSecret('a', Buffer.from('v'), [alice.recipient])
    const missing = '/etc/ssh/ssh_host_ed25519_key: no such file'
    await t.rejects(openSealed(file, 'a', [eve.identity], [missing]), {
      code: 'ERR_SEALED',
      message: `no configured identity opens it; its recipients are ${alice.recipient.text} (${missing})`,
    })
  },
)

t.test('no error shows the value or a key', async (t) => {
  const value = Buffer.from('sentinel-5f3a')
  const file = await sealSecret('a', value, [alice.recipient])
  const last = file.length - 3
  file.set(Buffer.from(file[last] === 0x41 ? 'B' : 'A'), last)
  const error = await openSealed(file, 'a', [alice.identity]).catch((thrown: unknown) => thrown)
  t.ok(error instanceof SealedError)
  t.notMatch(JSON.stringify(error) + String((error as SealedError).stack), /sentinel/)
})
