import { createHash } from 'node:crypto'
import { loadSodium } from '../../src/crypto/sodium.ts'
import { Frame } from '../../src/fuse/frame.ts'
import { OUT_HEADER_BYTES } from '../../src/fuse/wire/encode.ts'
import { NO_RULE } from '../../src/policy/rules.ts'
import { MemoryVault } from '../../src/vault/memory-vault.ts'
import { PREFIX_BYTES, storeValue } from '../../src/vault/value.ts'
import { Entries } from '../../src/daemon/entries.ts'
import type { PresentValue, SecretEntry, SecretTable } from '../../src/vfs/table.ts'

const sodium = await loadSodium()
const memoryKey = new Uint8Array(32).fill(7)

/** A value as the unseal child makes it; equal bytes have equal versions. */
export function value(plain: string | Uint8Array, changedAt = 1000): PresentValue {
  const bytes = Buffer.from(plain)
  const key = sodium.allocateFrom(memoryKey)
  const region = sodium.allocateFrom(bytes)
  try {
    const sealed = storeValue(sodium, key, region, new Uint8Array(PREFIX_BYTES).fill(bytes.length))
    const version = 1 + createHash('sha256').update(bytes).digest().readUIntBE(0, 6)
    return { size: bytes.length, sealed, at: 0, version, changedAt }
  } finally {
    region.free()
    key.free()
  }
}

export function secret(
  name: string,
  plain: string | Uint8Array,
  rest: Partial<SecretEntry> = {},
): SecretEntry {
  return { name, uid: 0, gid: 0, mode: 0o400, rule: NO_RULE, value: value(plain), ...rest }
}

export function table(secrets: readonly SecretEntry[], rest: Partial<SecretTable> = {}): SecretTable {
  return { generation: 1, directoryMode: 0o711, changedAt: 500, secrets, ...rest }
}

/** The entries of a table as the main thread keeps them. */
export function entriesOf({ secrets, ...head }: SecretTable): Entries {
  const values = secrets.map(({ value }) => value)
  return new Entries(head, values, (index, value) => ({ ...(secrets[index] as SecretEntry), value }))
}

/** A reply frame of `capacity` bytes in the WASM heap and a vault that opens into it and counts. */
export function replyMemory(capacity: number) {
  const reply = sodium.allocate(OUT_HEADER_BYTES + capacity)
  const real = new MemoryVault(sodium, memoryKey, reply, OUT_HEADER_BYTES)
  const vault = {
    opens: 0,
    open(stored: PresentValue, offset: number, length: number) {
      vault.opens++
      real.open(stored, offset, length)
    },
  }
  return { reply, frame: new Frame(() => reply.bytes()), vault }
}
