import { createDecipheriv } from 'node:crypto'
import { SourceError } from '../base/errors.ts'
import { deriveKey } from '../identity/age-file-key.ts'

/** C2SP age, "Payload". */
export const NONCE_BYTES = 16
const CHUNK_BYTES = 64 << 10
const TAG_BYTES = 16
/** Of the last chunk, in the last byte of its nonce. */
const LAST = 1

/**
 * The plaintext of a payload, at most `limit` bytes, which the caller wipes; all of it or nothing. `nonce` is what stands before the chunks. Throws
 * `SourceError`.
 */
export function openAgePayload(
  fileKey: Uint8Array,
  nonce: Uint8Array,
  chunks: Uint8Array,
  limit: number,
): Uint8Array {
  const plaintext = new Uint8Array(plaintextLength(chunks.length))
  if (plaintext.length > limit)
    throw new SourceError(`its plaintext is larger than a secret can be (${limit} bytes)`)
  const key = deriveKey(fileKey, nonce, 'payload')
  try {
    let at = 0
    for (let index = 0; at === 0 || at < chunks.length; index++) {
      const chunk = chunks.subarray(at, at + CHUNK_BYTES + TAG_BYTES)
      at += chunk.length
      openChunk(key, chunkNonce(index, at === chunks.length), chunk, plaintext.subarray(index * CHUNK_BYTES))
    }
    return plaintext
  } catch (cause) {
    plaintext.fill(0)
    throw damagedPayload(cause)
  } finally {
    key.fill(0)
  }
}

/** Each chunk has a tag; the last one is empty only where it is the first. */
function plaintextLength(length: number): number {
  const count = Math.max(1, Math.ceil(length / (CHUNK_BYTES + TAG_BYTES)))
  const last = length - (count - 1) * (CHUNK_BYTES + TAG_BYTES)
  if (last < TAG_BYTES || (last === TAG_BYTES && count > 1)) throw damagedPayload()
  return length - count * TAG_BYTES
}

/** Eleven bytes of a big-endian counter, then the flag. */
function chunkNonce(index: number, isLast: boolean): Uint8Array {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(index, 5, 6)
  nonce[11] = isLast ? LAST : 0
  return nonce
}

function openChunk(key: Uint8Array, nonce: Uint8Array, chunk: Uint8Array, into: Uint8Array): void {
  const cipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES })
  const end = chunk.length - TAG_BYTES
  cipher.setAuthTag(chunk.subarray(end))
  const opened = cipher.update(chunk.subarray(0, end))
  try {
    cipher.final()
    into.set(opened)
  } finally {
    opened.fill(0)
  }
}

function damagedPayload(cause?: unknown): SourceError {
  return new SourceError('the encrypted payload is damaged or cut short', { cause })
}
