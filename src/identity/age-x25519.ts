import { decodeShare, deriveKey, malformed, unwrapFileKey, type AgeStanza } from './age-file-key.ts'
import { sharedSecret } from './curve25519.ts'
import type { Curve25519Identity, SshEd25519Identity } from './identity.ts'

/**
 * C2SP age, "The X25519 recipient type":
 *   -> X25519 base64(ephemeral share)
 *   salt = ephemeral share || recipient
 *   wrap key = HKDF-SHA-256(ikm = shared secret, salt, info = "age-encryption.org/v1/X25519")
 * The file key, or undefined when the stanza is for someone else. Throws SourceError for a malformed stanza.
 */
export function openX25519(
  identity: Curve25519Identity | SshEd25519Identity,
  stanza: AgeStanza,
): Uint8Array | undefined {
  const [type, argument, ...more] = stanza.args
  if (type !== 'X25519') return undefined
  if (argument === undefined || more.length > 0) throw malformed(stanza)
  const share = decodeShare(stanza, argument)
  const secret = agree(identity.secretKey, share, stanza)
  const wrapKey = deriveKey(
    secret,
    Buffer.concat([share, identity.publicKey]),
    'age-encryption.org/v1/X25519',
  )
  try {
    return unwrapFileKey(stanza, wrapKey)
  } finally {
    secret.fill(0)
    wrapKey.fill(0)
  }
}

/** X25519 with the share of a stanza; "if the shared secret is all zeroes, the identity implementation MUST abort". */
export function agree(
  secretKey: Uint8Array,
  share: Uint8Array,
  stanza: AgeStanza,
  compute = sharedSecret,
): Buffer {
  try {
    return compute(secretKey, share)
  } catch {
    throw malformed(stanza)
  }
}
