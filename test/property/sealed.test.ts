import fc from 'fast-check'
import t from 'tap'
import { SealedError } from '../../src/base/errors.ts'
import { nameProblem } from '../../src/base/secret-name.ts'
import { encodeSealed, parseSealed, plaintextLength, type SealedFile } from '../../src/sealed/format.ts'
import { openSealed, sealSecret } from '../../src/sealed/seal.ts'
import { formatRecipient } from '../../src/identity/recipient.ts'
import { keyPair } from '../support/keys.ts'

const pairs = await Promise.all([1, 2, 3, 4].map(keyPair))
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const names = fc.stringMatching(/^[A-Za-z0-9_@:+-][A-Za-z0-9._@:+-]{0,20}(\/[A-Za-z0-9_@:+-]{1,9}){0,3}$/)
const recipients = fc
  .uniqueArray(fc.record({ text: bytes(32).map((key) => formatRecipient(key)), box: bytes(80) }), {
    minLength: 1,
    maxLength: 5,
    selector: ({ text }) => text,
  })
  .map((list) => list.sort((a, b) => (a.text < b.text ? -1 : 1)))
const files: fc.Arbitrary<SealedFile> = fc.record({
  name: names,
  recipients,
  nonce: bytes(24),
  payload: fc.uint8Array({ minLength: 16, maxLength: 300 }),
})

/** True when the parser refused as it should; false when it accepted. Anything else is thrown on. */
function refused(input: Uint8Array): boolean {
  try {
    const parsed = parseSealed(input)
    if (Buffer.compare(encodeSealed(parsed), input) !== 0) throw new Error('accepted bytes encode to others')
    return false
  } catch (error) {
    if (error instanceof SealedError) return true
    throw error
  }
}

t.test('what is encoded parses to the same fields', (t) => {
  fc.assert(
    fc.property(files, (file) => {
      const parsed = parseSealed(encodeSealed(file))
      return (
        parsed.name === file.name &&
        plaintextLength(parsed) === file.payload.length - 16 &&
        Buffer.compare(encodeSealed(parsed), encodeSealed(file)) === 0
      )
    }),
  )
  t.pass('held')
  t.end()
})

t.test('arbitrary bytes raise SealedError alone', (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (input) => refused(input)))
  t.pass('held')
  t.end()
})

t.test('mutations of a file are refused, or encode to themselves', (t) => {
  let accepted = 0
  const edit = fc.record({
    at: fc.nat(),
    remove: fc.nat(40),
    insert: fc.oneof(fc.string(), fc.constantFrom('\n', '=', '')),
  })
  fc.assert(
    fc.property(files, fc.array(edit, { minLength: 1, maxLength: 3 }), (file, edits) => {
      let text = Buffer.from(encodeSealed(file)).toString('latin1')
      for (const { at, remove, insert } of edits) {
        const start = at % (text.length + 1)
        text = text.slice(0, start) + insert + text.slice(start + remove)
      }
      if (!refused(Buffer.from(text, 'latin1'))) accepted++
    }),
    { numRuns: 2_000 },
  )
  t.ok(accepted < 2_000, `${accepted} of 2,000 were files still`)
  t.end()
})

t.test('what is sealed opens for each recipient, and for no one else', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      names,
      fc.uint8Array({ maxLength: 5_000 }),
      fc.subarray(pairs, { minLength: 1 }),
      async (name, plaintext, chosen) => {
        const file = await sealSecret(
          name,
          plaintext,
          chosen.map(({ recipient }) => recipient),
        )
        for (const pair of pairs) {
          const opened = await openSealed(file, name, [pair.identity]).catch((error: unknown) => error)
          const same = opened instanceof Uint8Array && Buffer.compare(opened, plaintext) === 0
          if (chosen.includes(pair) ? !same : !(opened instanceof SealedError)) return false
        }
        return true
      },
    ),
    { numRuns: 50 },
  )
  t.pass('held')
})

t.test('the rule for names says no to just what the contract excludes', (t) => {
  const contract = (name: string) =>
    Buffer.byteLength(name) >= 1 &&
    Buffer.byteLength(name) <= 255 &&
    name.split('/').every((part) => part !== '' && !part.startsWith('.') && /^[A-Za-z0-9._@:+-]+$/.test(part))
  const some = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[a./@:+_-]{0,12}$/),
    names,
    fc.constant('n'.repeat(256)),
  )
  fc.assert(
    fc.property(some, (name) => (nameProblem(name) === undefined) === contract(name)),
    { numRuns: 2_000 },
  )
  t.pass('held')
  t.end()
})
