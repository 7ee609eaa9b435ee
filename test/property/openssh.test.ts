import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { IdentityError } from '../../src/base/errors.ts'
import type { Identity } from '../../src/identity/identity.ts'
import { parseIdentityFile } from '../../src/identity/load.ts'
import { parseOpenSshKey } from '../../src/identity/openssh.ts'
import { decodeBase64, parsePem } from '../../src/identity/pem.ts'
import { sshKeygen } from '../support/tools.ts'

const folder = t.testdir()
const keys = [
  ['ssh-ed25519', sshKeygen(join(folder, 'ed25519'), '-t', 'ed25519')],
  ['ssh-rsa', sshKeygen(join(folder, 'rsa'), '-t', 'rsa', '-b', '1024')],
] as const

/** The identities, or undefined for an IdentityError. Anything else is thrown on. */
function attempt<Result>(parse: () => Result): Result | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof IdentityError) return undefined
    throw error
  }
}

function flipped(bytes: Uint8Array, flips: readonly (readonly [number, number])[]): Uint8Array {
  const copy = Uint8Array.from(bytes)
  for (const [at, bits] of flips) copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ bits
  return copy
}

const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 })

function blobOf(file: Uint8Array): Uint8Array {
  const blob = decodeBase64(parsePem(file, 'key')?.body ?? new Uint8Array())
  if (blob === undefined) throw new Error('ssh-keygen wrote no base64')
  return blob
}

for (const [type, path] of keys) {
  const file = readFileSync(path)
  const blob = blobOf(file)

  t.test(`${type}: changed bytes of the decoded key throw nothing but IdentityError`, (t) => {
    let refused = 0
    const property = fc.property(flips, (changes) => {
      if (attempt(() => parseOpenSshKey(flipped(blob, changes), 'key')) === undefined) refused += 1
    })
    fc.assert(property, { numRuns: 400 })
    t.ok(refused > 0)
    t.end()
  })

  t.test(`${type}: changed bytes of the file throw nothing but IdentityError`, (t) => {
    let refused = 0
    const property = fc.property(flips, (changes) => {
      if (attempt(() => parseIdentityFile(flipped(file, changes), 'key')) === undefined) refused += 1
    })
    fc.assert(property, { numRuns: 400 })
    t.ok(refused > 0)
    t.end()
  })

  t.test(`${type}: no proper prefix of a key is a key`, (t) => {
    for (let length = 0; length < blob.length; length++)
      if (attempt(() => parseOpenSshKey(blob.subarray(0, length), 'key')) !== undefined)
        t.fail(`${length} bytes were accepted`)
    t.ok(
      attempt(() => parseOpenSshKey(blob, 'key')),
      'the whole is accepted',
    )
    const longer = Buffer.concat([blob, Buffer.alloc(1)])
    t.equal(
      attempt(() => parseOpenSshKey(longer, 'key')),
      undefined,
      'trailing bytes are not',
    )
    t.end()
  })
}

t.test('ssh-ed25519: a changed byte is refused, or changes nothing but what is not the key', (t) => {
  const blob = blobOf(readFileSync(keys[0][1]))
  const original = parseOpenSshKey(blob, 'key')
  let accepted = 0
  for (let at = 0; at < blob.length; at++) {
    const identity: Identity | undefined = attempt(() => parseOpenSshKey(flipped(blob, [[at, 0x10]]), 'key'))
    if (identity === undefined) continue
    accepted += 1
    t.same(identity, original, `byte ${at}`)
  }
  t.equal(accepted, 'test@hushfs'.length, 'only the comment may change')
  t.end()
})

t.test('arbitrary bytes throw nothing but IdentityError', (t) => {
  let refused = 0
  const property = fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    if (attempt(() => parseIdentityFile(bytes, 'key')) === undefined) refused += 1
    attempt(() => parseOpenSshKey(bytes, 'key'))
    attempt(() => parseOpenSshKey(Buffer.concat([Buffer.from('openssh-key-v1\0'), bytes]), 'key'))
  })
  fc.assert(property, { numRuns: 500 })
  t.equal(refused, 500)
  t.end()
})
