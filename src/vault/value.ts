import { NONCE_BYTES, TAG_BYTES } from '../crypto/sizes.ts'
import type { Region, Sodium } from '../crypto/sodium.ts'

/**
 * How one value waits in memory: a random prefix, then the value in chunks, each XChaCha20-Poly1305 under the key of the process. A chunk's
 * nonce is the prefix and its index, so that a read opens only the chunks that it touches. An empty value has no chunk.
 */
export const CHUNK_BYTES = 16384
export const PREFIX_BYTES = NONCE_BYTES - 4

/** Bytes of the sealed form of `size` bytes. */
export function storedLength(size: number): number {
  return PREFIX_BYTES + size + Math.ceil(size / CHUNK_BYTES) * TAG_BYTES
}

/** A value as it waits in memory. */
export interface StoredValue {
  /** Plaintext bytes. */
  readonly size: number
  /** Has `storedLength(size)` bytes of it from byte `at` on, and may have those of others around them. */
  readonly sealed: Uint8Array
  readonly at: number
}

export function storedBytes({ size, sealed, at }: StoredValue): Uint8Array {
  return sealed.subarray(at, at + storedLength(size))
}

/** The value in memory of its own, so that what it came in can go. */
export function ownCopy<Value extends StoredValue>(value: Value): Value {
  return { ...value, sealed: storedBytes(value).slice(), at: 0 }
}

/** Where chunk `index` of the sealed form starts. */
export function chunkOffset(index: number): number {
  return PREFIX_BYTES + index * (CHUNK_BYTES + TAG_BYTES)
}

/** Plaintext bytes in chunk `index` of a value of `size` bytes. */
export function chunkLength(size: number, index: number): number {
  return Math.min(CHUNK_BYTES, size - index * CHUNK_BYTES)
}

/** Seal `value` under `key`. The plaintext stays with the caller, who wipes it. */
export function storeValue(sodium: Sodium, key: Region, value: Region, prefix: Uint8Array): Uint8Array {
  const stored = new Uint8Array(storedLength(value.length))
  stored.set(prefix)
  const nonce = sodium.allocate(NONCE_BYTES)
  const sealed = sodium.allocate(CHUNK_BYTES + TAG_BYTES)
  try {
    nonce.bytes().set(prefix)
    for (let index = 0; index * CHUNK_BYTES < value.length; index++) {
      const length = chunkLength(value.length, index)
      setChunkIndex(nonce, index)
      sodium.encrypt(sealed.at, value.at + index * CHUNK_BYTES, length, undefined, nonce.at, key.at)
      stored.set(sealed.bytes().subarray(0, length + TAG_BYTES), chunkOffset(index))
    }
  } finally {
    sealed.free()
    nonce.free()
  }
  return stored
}

/** Little-endian, in the nonce's last four bytes. */
export function setChunkIndex(nonce: Region, index: number): void {
  nonce.bytes().set([index & 0xff, (index >>> 8) & 0xff, (index >>> 16) & 0xff, index >>> 24], PREFIX_BYTES)
}
