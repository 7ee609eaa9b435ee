import { createDecipheriv, hkdfSync } from 'node:crypto'
import { base64nopad } from '@scure/base'
import { SourceError } from '../base/errors.ts'

/** C2SP age, "File key": 16 bytes. */
export const FILE_KEY_BYTES = 16
const TAG_BYTES = 16
/** C2SP age: the wrap key is fresh for each stanza, so the nonce is twelve zero bytes. */
const zeroNonce = new Uint8Array(12)

/** One recipient stanza of an age header (C2SP age, "Recipient stanza"): `args[0]` is its type. */
export interface AgeStanza {
  readonly args: readonly string[]
  readonly body: Uint8Array
}

/** HKDF-SHA-256 to 32 bytes (RFC 5869); the caller wipes them. */
export function deriveKey(secret: Uint8Array, salt: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, info, 32))
}

/**
 * The file key in the body of a stanza under ChaCha20-Poly1305, or undefined when the wrap key isn't the right one.
 * A body of another size throws: it could hold a key of another size, which enables partitioning attacks.
 */
export function unwrapFileKey(stanza: AgeStanza, wrapKey: Uint8Array): Uint8Array | undefined {
  if (stanza.body.length !== FILE_KEY_BYTES + TAG_BYTES) throw malformed(stanza)
  const cipher = createDecipheriv('chacha20-poly1305', wrapKey, zeroNonce, { authTagLength: TAG_BYTES })
  cipher.setAuthTag(stanza.body.subarray(FILE_KEY_BYTES))
  const fileKey = cipher.update(stanza.body.subarray(0, FILE_KEY_BYTES))
  try {
    cipher.final()
    return Uint8Array.from(fileKey)
  } catch {
    return undefined
  } finally {
    fileKey.fill(0)
  }
}

/** The 32 bytes of an ephemeral share: canonical base64 without padding. */
export function decodeShare(stanza: AgeStanza, argument: string): Uint8Array {
  let share: Uint8Array
  try {
    share = base64nopad.decode(argument)
  } catch {
    throw malformed(stanza)
  }
  if (share.length !== 32) throw malformed(stanza)
  return share
}

export function malformed(stanza: AgeStanza): SourceError {
  return new SourceError(`the age header is damaged: its ${stanza.args[0] ?? ''} stanza is malformed`)
}
