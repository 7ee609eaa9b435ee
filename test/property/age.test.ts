import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { IdentityError, SourceError } from '../../src/base/errors.ts'
import { loadSodium } from '../../src/crypto/sodium.ts'
import { loadIdentities } from '../../src/identity/load.ts'
import { parseRecipient } from '../../src/identity/recipient.ts'
import { decryptAge } from '../../src/sources/age-decrypt.ts'
import { MAX_SECRET_BYTES } from '../../src/sources/source.ts'
import { run, sshKeygen } from '../support/tools.ts'

await loadSodium()
const folder = t.testdir()
const key = join(folder, 'key.txt')
run('age-keygen', ['-o', key])
const ssh = sshKeygen(join(folder, 'ssh'), '-t', 'ed25519')
const recipient = run('age-keygen', ['-y', key]).toString().trim()
const sshRecipient = readFileSync(`${ssh}.pub`, 'utf8').trim()
const { identities } = loadIdentities([key, ssh])
const context = { identities, identityProblems: [] }
const VALUE = Buffer.from('value '.repeat(20))

/** What a file gives, or undefined for a SourceError. Anything else is thrown on. */
async function attempt(file: Uint8Array): Promise<Buffer | undefined> {
  try {
    return Buffer.from(await decryptAge(file, context, MAX_SECRET_BYTES))
  } catch (error) {
    if (error instanceof SourceError) return undefined
    throw error
  }
}

/** What readers of headers and of armor look at. */
const token = fc.constantFrom(
  ...['age-encryption.org/v1\n', '-> ', '-> X25519 ', '-> ssh-ed25519 ', '-> ssh-rsa ', '-> scrypt ', '--- '],
  ...[
    '-----BEGIN AGE ENCRYPTED FILE-----\n',
    '-----END AGE ENCRYPTED FILE-----\n',
    '\n',
    '\r\n',
    ' ',
    '=',
    'AAAA',
  ],
)
const change = fc.record({
  at: fc.nat(),
  remove: fc.nat(60),
  insert: fc.oneof(token, fc.string({ maxLength: 8 })),
})

for (const armor of [false, true])
  t.test(
    `a changed ${armor ? 'armored' : 'binary'} file gives its value or is an error of the source`,
    async (t) => {
      const args = ['-r', recipient, '-r', sshRecipient, ...(armor ? ['-a'] : [])]
      const file = execFileSync('age', args, { input: VALUE })
      t.ok((await attempt(file))?.equals(VALUE))
      let refused = 0
      const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        let bytes: Buffer = file
        for (const { at, remove, insert } of changes) {
          const place = at % (bytes.length + 1)
          bytes = Buffer.concat([
            bytes.subarray(0, place),
            Buffer.from(insert),
            bytes.subarray(place + remove),
          ])
        }
        const found = await attempt(bytes)
        if (found === undefined) refused += 1
        return found === undefined || found.equals(VALUE)
      })
      await fc.assert(property, { numRuns: 500 })
      t.ok(refused > 400, `${refused} refused`)
    },
  )

t.test('no arbitrary text is a file', async (t) => {
  const text = fc.array(fc.oneof(token, fc.string({ maxLength: 6 })), { maxLength: 20 })
  const property = fc.asyncProperty(
    text,
    async (parts) => (await attempt(Buffer.from(parts.join('')))) === undefined,
  )
  await fc.assert(property, { numRuns: 1000 })
  t.pass('held')
})

t.test(
  'a recipient is one, or an error of its own kind, without a word of what may be a private key',
  (t) => {
    const known = fc.constantFrom(
      recipient,
      sshRecipient,
      'hushfs1',
      'age1',
      'ssh-ed25519 ',
      'AGE-SECRET-KEY-1',
    )
    const near = fc.tuple(known, fc.nat(), fc.string({ maxLength: 4 })).map(([text, at, insert]) => {
      const place = at % (text.length + 1)
      return text.slice(0, place) + insert + text.slice(place + (at % 3))
    })
    let refused = 0
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), (text) => {
        try {
          return parseRecipient(text).text.startsWith('hushfs1')
        } catch (error) {
          if (!(error instanceof IdentityError)) throw error
          refused += 1
          return !error.message.includes('AGE-SECRET-KEY-1')
        }
      }),
      { numRuns: 2000 },
    )
    t.ok(refused > 1000, `${refused} refused`)
    t.end()
  },
)
