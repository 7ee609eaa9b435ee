import { randomFillSync } from 'node:crypto'
import { KeptLines } from '../audit/kept-lines.ts'
import { KEY_BYTES } from '../crypto/sizes.ts'
import { Journal } from '../fuse/journal.ts'

const ID_BYTES = 8
const AUDIT_BYTES = 1 << 20
const IDENTITY_AT = Journal.BYTES
const AUDIT_AT = IDENTITY_AT + 64

/**
 * What belongs to one mount and outlives its server: the journal of requests, the key of version hashes and a name for the connection, the last lines of the audit. Never a
 * value, never a key that opens one. Layout: Journal.BYTES, then 64 bytes of which the first are the key and the name, then AUDIT_BYTES.
 */
export const CONNECTION_BYTES = AUDIT_AT + AUDIT_BYTES

export class ConnectionMemory {
  readonly journal: Journal
  readonly audit: KeptLines
  readonly #identity: Uint8Array

  /** Over CONNECTION_BYTES bytes, zeros for a new connection. */
  constructor(memory: Uint8Array) {
    this.journal = new Journal(memory)
    this.#identity = memory.subarray(IDENTITY_AT, AUDIT_AT)
    this.audit = new KeptLines(memory.subarray(AUDIT_AT, AUDIT_AT + AUDIT_BYTES))
  }

  /**
   * The key of version hashes: a handle is a version, so the next server must come to the same. Whoever has it and a version can tell whether a value is what he
   * guesses, no more.
   */
  get versionKey(): Uint8Array {
    return this.#made().slice(0, KEY_BYTES)
  }

  /** Tells this mount from others, in hexadecimal. */
  get id(): string {
    return Buffer.from(this.#made().subarray(KEY_BYTES, KEY_BYTES + ID_BYTES)).toString('hex')
  }

  #made(): Uint8Array {
    if (this.#identity.every((byte) => byte === 0)) randomFillSync(this.#identity)
    return this.#identity
  }
}
