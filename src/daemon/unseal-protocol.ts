import { ProtocolError } from '../base/errors.ts'
import type { SourceSpec } from '../config/config.ts'
import { MAX_SECRET_BYTES } from '../sources/source.ts'
import { storedLength } from '../vault/value.ts'
import type { EntryValue } from '../vfs/table.ts'

/**
 * What the server and its `unseal` child say to each other.
 *
 * To the child: the job as JSON on standard input, to its end; the two keys, KEYS_BYTES raw bytes, on descriptor KEYS_FD. From the child, on standard
 * output: batches of results in the order of the job. A batch is the length of its description and of its data (u32, little endian, bytes), the description (a JSON
 * array of `Description`), the data (the stored values behind each other). An empty array ends the stream.
 */
export interface Job {
  /** Files with private keys. */
  readonly identities: readonly string[]
  readonly secrets: readonly { readonly name: string; readonly source: SourceSpec }[]
  /** Write each result by itself, so that a crash names its secret. */
  readonly oneByOne: boolean
}

export const KEYS_FD = 3
/** The memory key (32), then the key of version hashes (32). */
export const KEYS_BYTES = 64

/** One result: size, version and time of change of a value, or why there is none. */
export type Description = readonly [size: number, version: number, changedAt: number] | string

const HEADER_BYTES = 8
const MOST_BATCH_BYTES = 16 * MAX_SECRET_BYTES

/** One batch as it goes over the pipe. */
export function encodeBatch(descriptions: readonly Description[], stored: readonly Uint8Array[]): Uint8Array {
  const description = Buffer.from(JSON.stringify(descriptions))
  const length = stored.reduce((sum, value) => sum + value.length, 0)
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(description.length, 0)
  header.writeUInt32LE(length, 4)
  return Buffer.concat([header, description, ...stored])
}

/** Takes the stream in pieces and gives the results; throws `ProtocolError` for anything that isn't the protocol. */
export class BatchReader {
  #pending: Uint8Array[] = []
  #length = 0
  #needed = HEADER_BYTES
  #ended = false

  /** The empty array has come. */
  get ended(): boolean {
    return this.#ended
  }

  /** The results that `piece` completes. */
  push(piece: Uint8Array): EntryValue[] {
    this.#pending.push(piece)
    this.#length += piece.length
    const values: EntryValue[] = []
    while (!this.#ended && this.#length >= this.#needed) {
      const bytes = Buffer.concat(this.#pending)
      const total = batchLength(bytes)
      if (bytes.length < total) {
        this.#pending = [bytes]
        this.#needed = total
        break
      }
      const batch = decodeBatch(bytes.subarray(0, total))
      if (batch.length === 0) this.#ended = true
      values.push(...batch)
      this.#pending = [bytes.subarray(total)]
      this.#length = bytes.length - total
      this.#needed = HEADER_BYTES
    }
    if (this.#ended && this.#length > 0) throw new ProtocolError('the unseal child wrote past its end')
    return values
  }
}

function batchLength(bytes: Buffer): number {
  const total = HEADER_BYTES + bytes.readUInt32LE(0) + bytes.readUInt32LE(4)
  if (total > MOST_BATCH_BYTES) throw new ProtocolError('the unseal child wrote something that is no batch')
  return total
}

function decodeBatch(bytes: Buffer): EntryValue[] {
  const dataAt = HEADER_BYTES + bytes.readUInt32LE(0)
  const descriptions = parseDescriptions(bytes.toString('utf8', HEADER_BYTES, dataAt))
  // A copy: the batch's own memory, which moves to the worker as it is.
  const data = new Uint8Array(bytes.subarray(dataAt))
  let at = 0
  const values = descriptions.map((description): EntryValue => {
    if (typeof description === 'string') return { failing: description }
    const [size, version, changedAt] = description
    const sealed = data.subarray(at, (at += storedLength(size)))
    return { size, version, changedAt, sealed }
  })
  if (at !== data.length) throw new ProtocolError('the data of a batch has not the length that it says')
  return values
}

function parseDescriptions(text: string): Description[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new ProtocolError('the unseal child wrote a batch without a description')
  }
  if (!Array.isArray(parsed) || !parsed.every(isDescription)) {
    throw new ProtocolError('the unseal child wrote a description that is none')
  }
  return parsed
}

function isDescription(value: unknown): value is Description {
  if (typeof value === 'string') return true
  if (!Array.isArray(value) || value.length !== 3) return false
  const [size, version] = value as unknown[]
  return (
    value.every(Number.isSafeInteger) && inRange(size, 0, MAX_SECRET_BYTES) && inRange(version, 1, 2 ** 52)
  )
}

function inRange(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most
}
