import { ProtocolError } from '../base/errors.ts'
import { NONCE_BYTES, TAG_BYTES } from '../crypto/sizes.ts'
import type { Region, Sodium } from '../crypto/sodium.ts'
import {
  CHUNK_BYTES,
  chunkLength,
  chunkOffset,
  PREFIX_BYTES,
  setChunkIndex,
  type StoredValue,
} from './value.ts'

/**
 * Opens stored values, each time into the one reply buffer and nowhere else. The key, the buffer and what is needed in between
 * are regions of the WASM heap that live as long as the vault; none of their plaintext survives a call but in the reply.
 */
export class MemoryVault {
  readonly #sodium: Sodium
  readonly #key: Region
  readonly #nonce: Region
  readonly #sealed: Region
  readonly #partial: Region
  readonly #reply: Region
  readonly #payloadAt: number

  /** Values are opened into `reply` from byte `payloadAt` on. `key` is copied. */
  constructor(sodium: Sodium, key: Uint8Array, reply: Region, payloadAt: number) {
    this.#sodium = sodium
    this.#key = sodium.allocateFrom(key)
    this.#nonce = sodium.allocate(NONCE_BYTES)
    this.#sealed = sodium.allocate(CHUNK_BYTES + TAG_BYTES)
    this.#partial = sodium.allocate(CHUNK_BYTES)
    this.#reply = reply
    this.#payloadAt = payloadAt
  }

  /**
   * Put `length` bytes of the value from `offset` on into the reply's payload. The range lies within the value and the payload; the
   * caller wipes the payload. Throws `ProtocolError` when the value doesn't authenticate.
   */
  open(value: StoredValue, offset: number, length: number): void {
    this.#nonce.bytes().set(value.sealed.subarray(value.at, value.at + PREFIX_BYTES))
    for (let done = 0; done < length;) {
      const index = Math.floor((offset + done) / CHUNK_BYTES)
      const within = offset + done - index * CHUNK_BYTES
      const taken = Math.min(chunkLength(value.size, index) - within, length - done)
      this.#openChunk(value, index, within, taken, this.#payloadAt + done)
      done += taken
    }
  }

  /** A whole chunk is opened in place; a part goes through memory that is wiped at once. */
  #openChunk(value: StoredValue, index: number, within: number, taken: number, to: number): void {
    const length = chunkLength(value.size, index)
    if (taken === length) {
      this.#decrypt(value, index, length, this.#reply.at + to)
      return
    }
    try {
      this.#decrypt(value, index, length, this.#partial.at)
      this.#reply.bytes().set(this.#partial.bytes().subarray(within, within + taken), to)
    } finally {
      this.#partial.wipe()
    }
  }

  #decrypt(value: StoredValue, index: number, length: number, out: number): void {
    const at = value.at + chunkOffset(index)
    this.#sealed.bytes().set(value.sealed.subarray(at, at + length + TAG_BYTES))
    setChunkIndex(this.#nonce, index)
    const { at: sealed } = this.#sealed
    if (!this.#sodium.decrypt(out, sealed, length + TAG_BYTES, undefined, this.#nonce.at, this.#key.at)) {
      throw new ProtocolError('a value in memory does not authenticate')
    }
  }
}
