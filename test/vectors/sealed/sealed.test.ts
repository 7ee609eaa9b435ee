import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Curve25519Identity } from '../../../src/identity/identity.ts'
import { encodeSealed, parseSealed } from '../../../src/sealed/format.ts'
import { openSealed, sealSecret } from '../../../src/sealed/seal.ts'
import { keyPair } from '../../support/keys.ts'
import { readVectors, type Vector } from './generate.ts'
import { openIndependently } from './independent.ts'

const vectors = readVectors()
const bytesOf = (vector: Vector) => readFileSync(new URL(vector.file, import.meta.url))
const fillOf = (secretKey: string) => Number.parseInt(secretKey.slice(0, 2), 16)

t.equal(vectors.length, 8, 'every vector is here')

for (const vector of vectors) {
  t.test(vector.file, async (t) => {
    const plaintext = Buffer.from(vector.plaintext, 'base64')
    const bytes = bytesOf(vector)
    const identities: Curve25519Identity[] = []
    for (const secretKey of vector.secretKeys) identities.push((await keyPair(fillOf(secretKey))).identity)
    for (const [index, identity] of identities.entries()) {
      t.same(Buffer.from(identity.secretKey).toString('hex'), vector.secretKeys[index], 'the key is that of the vector')
      t.same(Buffer.from(await openSealed(bytes, vector.name, [identity])), plaintext, `key ${index} opens it`)
    }
    const parsed = parseSealed(bytes)
    t.same(
      parsed.recipients.map(({ text }) => text),
      [...vector.recipients].sort(),
    )
    t.equal(Buffer.from(parsed.nonce).toString('hex'), vector.nonce)
    t.same(Buffer.from(encodeSealed(parsed)), bytes, 'encodes to the same bytes')
  })

  t.test(`${vector.file} by an independent reader`, (t) => {
    const secretKey = Buffer.from(vector.secretKeys[0] ?? '', 'hex')
    const opened = openIndependently(bytesOf(vector), secretKey)
    t.equal(opened.name, vector.name)
    t.same(Buffer.from(opened.plaintext), Buffer.from(vector.plaintext, 'base64'))
    t.end()
  })
}

t.test('the writer gives the payload of the vector for the same draws and recipients', async (t) => {
  const vector = vectors.find(({ file }) => file === 'two-recipients.sealed')
  if (vector === undefined) throw new Error('two-recipients.sealed is a vector')
  const parsed = parseSealed(bytesOf(vector))
  const pairs = await Promise.all(vector.secretKeys.map((key) => keyPair(fillOf(key))))
  const draw = {
    dataKey: (into: Uint8Array) => into.set(Buffer.from(vector.dataKey, 'hex')),
    nonce: () => Buffer.from(vector.nonce, 'hex'),
  }
  const recipients = pairs.map(({ recipient }) => recipient)
  const plaintext = Buffer.from(vector.plaintext, 'base64')
  const written = parseSealed(await sealSecret(vector.name, plaintext, recipients, draw))
  const ciphertext = parsed.payload.length - 16
  t.same(
    Buffer.from(written.payload.subarray(0, ciphertext)),
    Buffer.from(parsed.payload.subarray(0, ciphertext)),
  )
  t.notSame(Buffer.from(written.payload), Buffer.from(parsed.payload), 'the tag covers the new boxes of the header')
})

t.test('a file that the writer makes today opens by the independent reader', async (t) => {
  const { identity, recipient } = await keyPair(5)
  const { recipient: other } = await keyPair(6)
  const plaintext = Buffer.alloc(1 << 20, 'mib')
  const file = await sealSecret('one/mebibyte', plaintext, [recipient, other])
  t.same(Buffer.from(openIndependently(file, identity.secretKey).plaintext), plaintext)
})
