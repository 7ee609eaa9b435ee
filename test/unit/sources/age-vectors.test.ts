import { createHash } from 'node:crypto'
import t from 'tap'
import { IdentityError, SourceError } from '../../../src/base/errors.ts'
import type { Identity } from '../../../src/identity/identity.ts'
import { parseIdentityFile } from '../../../src/identity/load.ts'
import { decryptAge } from '../../../src/sources/age-decrypt.ts'
import { MAX_SECRET_BYTES } from '../../../src/sources/source.ts'
import { ageVectors, type AgeVector } from '../../support/age-vectors.ts'

/** Larger than the largest vector (258 chunks of 64 KiB). */
const LIMIT = 32 << 20

const messages: Record<string, RegExp> = {
  'armor failure': /^(the ASCII armor is damaged|not an age file)$/,
  'header failure': /^(the age header is damaged|not an age file$)/,
  'HMAC failure': /^the age header was changed: its MAC doesn't fit$/,
  'no match': /^no configured identity opens it; it is encrypted for: /,
  'payload failure': /^the encrypted payload is damaged or cut short$/,
}
const passphrase = /^passphrase-encrypted age files are not supported/
const postQuantum = /^no configured identity opens it; .*post-quantum age identities .* not supported/

/** A MAC of another length is one that doesn't fit. */
const shortMac = new Set(['hmac_garbage', 'hmac_missing', 'hmac_truncated'])
/** Headers that can't be parsed at all, so that nobody gets as far as the unsupported stanza. */
const unparsed = new Set(['scrypt_not_canonical_body', 'hybrid_not_canonical_body'])

/** What the message must be, or undefined for a vector that must open. */
function expectedMessage(vector: AgeVector): RegExp | undefined {
  const { name, expect, passphrases, identities } = vector
  if (unparsed.has(name)) return messages['header failure']
  if (name === 'scrypt_uppercase') return messages['no match']
  if (passphrases.length > 0) return passphrase
  if (name === 'hybrid_x25519_arg') return /^the age header is damaged: its X25519 stanza is malformed$/
  if (identities.some((identity) => identity.startsWith('AGE-SECRET-KEY-PQ-'))) return postQuantum
  if (shortMac.has(name)) return messages['HMAC failure']
  return expect === 'success' ? undefined : (messages[expect] ?? /no such kind/)
}

function contextOf(vector: AgeVector) {
  const identities: Identity[] = []
  const identityProblems: string[] = []
  for (const text of vector.identities)
    try {
      identities.push(...parseIdentityFile(Buffer.from(text), 'identity of the vector'))
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error
      identityProblems.push(error.message)
    }
  return { identities, identityProblems }
}

t.equal(ageVectors.length, 143, 'all vectors are there')

let opened = 0
for (const vector of ageVectors)
  await t.test(`${vector.name}: ${vector.expect}`, async (t) => {
    const message = expectedMessage(vector)
    const opening = decryptAge(vector.file, contextOf(vector), LIMIT)
    if (message !== undefined) {
      await t.rejects(opening, SourceError)
      await t.rejects(opening, { message })
      return
    }
    const plaintext = await opening
    t.equal(createHash('sha256').update(plaintext).digest('hex'), vector.payload)
    opened += 1
  })
t.equal(opened, 19, 'every vector of a supported kind opened')

t.test('a plaintext over the limit is refused, however large', async (t) => {
  const large = ageVectors.filter(({ name }) => /^stream_25[78]_chunks(_full)?$/.test(name))
  t.equal(large.length, 3)
  for (const vector of large)
    await t.rejects(decryptAge(vector.file, contextOf(vector), MAX_SECRET_BYTES), {
      message: /^its plaintext is larger than a secret can be/,
    })
})
