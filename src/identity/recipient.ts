import { base64, bech32 } from '@scure/base'
import { IdentityError } from '../base/errors.ts'
import { oneLine } from '../base/log.ts'
import { CURVE25519_BYTES, loadedSodium } from '../crypto/sodium.ts'
import type { Identity } from './identity.ts'
import { SshReader } from './ssh-wire.ts'

/** The public half of an identity that sealed files can be made for. */
export interface Recipient {
  /** Curve25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** The canonical form, `hushfs1...`. */
  readonly text: string
}

const expected = 'expected hushfs1..., age1... or "ssh-ed25519 AAAA..."'

/**
 * A recipient from `hushfs1...`, `age1...` (X25519) or an `ssh-ed25519` public key with or without a comment, which is
 * converted as ssh-to-age does, once libsodium is loaded. Throws IdentityError for every other kind and for a damaged one.
 */
export function parseRecipient(text: string): Recipient {
  const trimmed = text.trim()
  const refused = refusals.find(([pattern]) => pattern.test(trimmed))
  if (refused !== undefined) throw new IdentityError(refused[1], { hint: expected })
  if (trimmed.startsWith('hushfs1')) return recipient(fromBech32(trimmed, 'hushfs'), trimmed)
  if (trimmed.startsWith('age1')) return recipient(fromBech32(trimmed, 'age'), trimmed)
  if (/^ssh-ed25519\s/.test(trimmed)) return recipient(fromSsh(trimmed), trimmed)
  throw new IdentityError('not a recipient', { hint: expected })
}

/** The canonical text of a Curve25519 public key: Bech32, `hushfs1...`. */
export function formatRecipient(publicKey: Uint8Array): string {
  return bech32.encodeFromBytes('hushfs', publicKey)
}

/** The recipient of an identity, or undefined for an RSA key, which can't be one. */
export function recipientOf(identity: Identity): Recipient | undefined {
  if (identity.kind === 'ssh-rsa') return undefined
  return { publicKey: identity.publicKey, text: formatRecipient(identity.publicKey) }
}

/** Kinds that people do have, and why each is none of ours. The first row keeps a pasted secret out of the message. */
const refusals: readonly (readonly [RegExp, string])[] = [
  [
    /SECRET-KEY|PRIVATE KEY|AGE-PLUGIN-/i,
    'a private key was given where a recipient (the public half) belongs',
  ],
  [/^age1pq1/, 'post-quantum age recipients (age1pq1...) are not supported'],
  [/^age1tag(pq)?1/, 'tagged age recipients (age1tag1...) are not supported'],
  [/^age1[^1]+1/, 'age plugin recipients are not supported'],
  [/^ssh-rsa\s/, "an RSA key can't be the recipient of a sealed file: it can open age files only"],
  [/^ecdsa-/, "an ECDSA key can't be a recipient"],
  [/^sk-/, "a hardware-backed SSH key (sk-...) can't be a recipient"],
  [/^ssh-(?!ed25519\s)/, 'SSH public keys of this type are not supported'],
]

function recipient(publicKey: Uint8Array, given: string): Recipient {
  if (isLowOrder(publicKey)) throw new IdentityError(`not a usable public key: ${oneLine(given)}`)
  return { publicKey, text: formatRecipient(publicKey) }
}

function fromBech32(text: string, prefix: string): Uint8Array {
  const decoded = bech32.decodeUnsafe(text)
  const bytes = decoded?.prefix === prefix ? bech32.fromWordsUnsafe(decoded.words) : undefined
  if (bytes?.length === CURVE25519_BYTES) return Uint8Array.from(bytes)
  throw new IdentityError(`the recipient is mistyped or cut short (its checksum fails): ${oneLine(text)}`)
}

/** `ssh-ed25519 BASE64 [comment]` of authorized_keys (sshd(8)); the blob repeats the type (RFC 8709, section 4). */
function fromSsh(text: string): Uint8Array {
  const [, field = ''] = text.split(/\s+/)
  const damaged = () => new IdentityError(`the SSH public key is mistyped or cut short: ${oneLine(text)}`)
  let blob: Uint8Array
  try {
    blob = base64.decode(field)
  } catch {
    throw damaged()
  }
  const reader = new SshReader(blob, 'SSH public key')
  if (reader.name() !== 'ssh-ed25519') throw damaged()
  const ed25519 = reader.string()
  if (ed25519.length !== 32 || reader.remaining !== 0) throw damaged()
  const publicKey = loadedSodium().curve25519Of(ed25519)
  if (publicKey === undefined) throw new IdentityError(`not a usable public key: ${oneLine(text)}`)
  return publicKey
}

/**
 * The u-coordinates of the points of order 1, 2, 4 and 8, reduced or not, little-endian: X25519 with them is all zeros
 * (RFC 7748, section 6.1), so nothing can be sealed for them.
 */
const lowOrder: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
])

function isLowOrder(publicKey: Uint8Array): boolean {
  const masked = Buffer.from(publicKey)
  masked[31] = (masked[31] ?? 0) & 0x7f
  return lowOrder.has(masked.toString('hex'))
}
