import { bech32 } from '@scure/base'
import { IdentityError } from '../base/errors.ts'
import { curve25519Identity } from './curve25519.ts'
import type { Identity } from './identity.ts'

/** Bech32 prefix of a hushfs secret key, in the lower case that Bech32 computes with; written in upper case. */
export const SECRET_KEY_PREFIX = 'hushfs-secret-key-'

/**
 * The keys of a hushfs or age identity file: one a line, `#` begins a comment (age(1)). The bytes stay the caller's.
 * Bech32 works on strings, so one string per key lives until it is collected: in `unseal` not longer than the process.
 */
export function parseKeyLines(file: Uint8Array, origin: string): Identity[] {
  const identities: Identity[] = []
  let number = 0
  for (const bytes of linesOf(file)) {
    number += 1
    const line = new TextDecoder('latin1').decode(bytes).trim()
    if (line === '' || line.startsWith('#')) continue
    identities.push(parseKey(line, `${origin}: line ${number}`, origin))
  }
  if (identities.length > 0) return identities
  throw new IdentityError(`${origin}: no private key in this file`, { hint: accepted })
}

const accepted =
  'a hushfs or age identity file, or an OpenSSH private key (ssh-ed25519, ssh-rsa), is expected'

/** What people put here by mistake, by how it begins; the messages hold nothing of the line. */
const refusals: readonly (readonly [string, string, string])[] = [
  [
    'AGE-SECRET-KEY-PQ-1',
    'post-quantum age identities (AGE-SECRET-KEY-PQ-1...) are not supported',
    'make an X25519 identity with `hushfs keygen` or age-keygen and encrypt for it too',
  ],
  [
    'AGE-PLUGIN-',
    'age plugin identities (AGE-PLUGIN-...) are not supported',
    'make an identity with `hushfs keygen` and encrypt for it too',
  ],
  [
    'age-encryption.org/',
    'the identity file is itself encrypted with age',
    'decrypt it to a file that only root can read (age -d -o FILE), or configure another identity',
  ],
  ...['ssh-', 'ecdsa-', 'sk-', 'age1', 'hushfs1'].map(
    (prefix) => [prefix, 'this is a public key, not a private one', 'leave the .pub off the path'] as const,
  ),
]

function parseKey(line: string, where: string, origin: string): Identity {
  for (const [prefix, problem, hint] of refusals)
    if (line.startsWith(prefix)) throw new IdentityError(`${where}: ${problem}`, { hint })
  const prefix = ['age-secret-key-', SECRET_KEY_PREFIX].find((known) =>
    line.startsWith(`${known.toUpperCase()}1`),
  )
  if (prefix === undefined) throw new IdentityError(`${where}: not a private key`, { hint: accepted })
  const secretKey = decodeSecretKey(line, prefix)
  if (secretKey !== undefined) return curve25519Identity(secretKey, origin)
  throw new IdentityError(`${where}: the private key is mistyped or cut short (its checksum fails)`, {
    hint: 'restore the file from a backup, or make a new identity with `hushfs keygen` and encrypt for it',
  })
}

function decodeSecretKey(line: string, prefix: string): Uint8Array | undefined {
  const decoded = bech32.decodeUnsafe(line)
  if (decoded?.prefix !== prefix) return undefined
  const bytes = bech32.fromWordsUnsafe(decoded.words)
  decoded.words.fill(0)
  return bytes?.length === 32 ? bytes : undefined
}

function* linesOf(file: Uint8Array): Generator<Uint8Array> {
  let start = 0
  while (start < file.length) {
    const end = file.indexOf(0x0a, start)
    yield file.subarray(start, end < 0 ? file.length : end)
    start = end < 0 ? file.length : end + 1
  }
}
