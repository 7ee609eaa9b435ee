import { randomFillSync } from 'node:crypto'
import { closeSync, readSync } from 'node:fs'
import { SourceError } from '../base/errors.ts'
import { KEY_BYTES, type Region, type Sodium } from '../crypto/sodium.ts'
import { MAX_SECRET_BYTES } from '../sources/source.ts'
import { PREFIX_BYTES, storeValue } from '../vault/value.ts'
import { KEYS_BYTES, KEYS_FD, type Outcome } from './unseal-protocol.ts'

/** How a child of the server gives it a value: sealed under the server's memory key, with a version that tells only whether it changed. */
export interface Keys {
  readonly memory: Region
  readonly version: Uint8Array
}

/** A value as the server takes it. */
export interface Sealed {
  readonly outcome: Extract<Outcome, readonly [number, number, number]>
  readonly stored: Uint8Array
}

/**
 * The keys, and `length` bytes that come behind them. They go from the pipe to the WASM heap and to this child's own memory; nobody else has the descriptor.
 */
export function readKeys(sodium: Sodium, length = 0): { keys: Keys; stored: Uint8Array } {
  const bytes = new Uint8Array(KEYS_BYTES + length)
  for (let at = 0; at < bytes.length;) {
    const read = readSync(KEYS_FD, bytes, at, bytes.length - at, null)
    if (read === 0) throw new Error('the server sent too little')
    at += read
  }
  closeSync(KEYS_FD)
  const memory = sodium.allocateFrom(bytes.subarray(0, KEY_BYTES))
  return {
    keys: { memory, version: bytes.subarray(KEY_BYTES, KEYS_BYTES) },
    stored: bytes.subarray(KEYS_BYTES),
  }
}

/** Wipes `value`. `changedAt`: seconds since 1970. Throws `SourceError` for a value that no secret can have. */
export function sealValue(sodium: Sodium, keys: Keys, value: Uint8Array, changedAt: () => number): Sealed {
  let region: Region | undefined
  try {
    if (value.length > MAX_SECRET_BYTES) throw new SourceError('the value is longer than 1 MiB')
    region = sodium.allocateFrom(value)
    const prefix = randomFillSync(new Uint8Array(PREFIX_BYTES))
    const stored = storeValue(sodium, keys.memory, region, prefix)
    return { outcome: [value.length, versionOf(sodium, region, keys.version), changedAt()], stored }
  } finally {
    value.fill(0)
    region?.free()
  }
}

/** 1 to 2^52 - 1, from the value under a key that nobody outside has: it says nothing about the value but whether it changed. */
function versionOf(sodium: Sodium, value: Region, key: Uint8Array): number {
  const hash = Buffer.from(sodium.keyedHash(value, key, 16))
  return 1 + ((hash.readUIntBE(0, 6) * 16 + (hash.readUInt8(6) & 15)) % (2 ** 52 - 1))
}
