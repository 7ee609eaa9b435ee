import { ProtocolError } from '../base/errors.ts'
import type { SourceSpec, VaultConfig } from '../config/config.ts'
import { MAX_SECRET_BYTES } from '../sources/source.ts'
import { storedBytes, storedLength } from '../vault/value.ts'
import { isPending, isPresent, type EntryValue, type FailingValue, type IndexedValue } from '../vfs/table.ts'

/**
 * What the server and its `unseal` child say to each other.
 *
 * To the child: on standard input the job, and later the index (u32, little endian) of each secret that a reader waits for: it comes next. A job is the lengths of its three parts (u32, little endian, bytes) and those: the head (JSON,
 * `Head` of packed-job.ts), the names of all secrets with NUL between them, and likewise the files of those for which the head doesn't say them. On descriptor KEYS_FD the two keys, KEYS_BYTES raw bytes, and behind them the stored values
 * of `known`. From the child, on standard output: batches of results, in the order in which they come. A batch is the length of its description and of its data (u32, little endian, bytes), the description (a JSON
 * array of `Description`), the data (the stored values behind each other). An empty array ends the stream.
 */
export interface Job {
  /** Files with private keys. */
  readonly identities: readonly string[]
  /** The servers that sources of kind `vault` name. */
  readonly vaults?: readonly VaultConfig[]
  readonly secrets: readonly { readonly name: string; readonly source: SourceSpec }[]
  /** Open one after the other and write each result by itself: a crash is then the fault of the first secret without a result. */
  readonly oneByOne: boolean
  /** Inputs of templates that are no secrets of this job. */
  readonly known?: readonly KnownValue[]
}

/** What the server has of a secret: a stored value of this size, or the reason why there is none. */
export type KnownValue =
  | { readonly name: string; readonly size: number; readonly changedAt: number }
  | ({ readonly name: string } & FailingValue)

export const KEYS_FD = 3
/** The memory key (32), then the key of version hashes (32). */
export const KEYS_BYTES = 64

/** Size, version and time of change of a value, or why there is none. */
export type Outcome =
  | readonly [size: number, version: number, changedAt: number]
  | readonly [failing: string]
  | readonly [failing: string, unavailable: true]

/** One result: the index of its secret in the job, and what came of it. */
export type Description = readonly [index: number, ...Outcome]

/** `known` of a job, and the stored values that go behind the keys. A pending value is left out. */
export function encodeKnown(values: ReadonlyMap<string, EntryValue>): {
  known: KnownValue[]
  stored: Uint8Array[]
} {
  const known: KnownValue[] = []
  const stored: Uint8Array[] = []
  for (const [name, value] of values) {
    if (isPending(value)) continue
    if (!isPresent(value)) known.push({ name, ...value })
    else {
      known.push({ name, size: value.size, changedAt: value.changedAt })
      stored.push(storedBytes(value))
    }
  }
  return { known, stored }
}

/** Bytes behind the keys. */
export function knownLength(known: readonly KnownValue[]): number {
  return known.reduce((sum, value) => sum + ('size' in value ? storedLength(value.size) : 0), 0)
}

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
  push(piece: Uint8Array): IndexedValue[] {
    this.#pending.push(piece)
    this.#length += piece.length
    const values: IndexedValue[] = []
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

function decodeBatch(bytes: Buffer): IndexedValue[] {
  const dataAt = HEADER_BYTES + bytes.readUInt32LE(0)
  const descriptions = parseDescriptions(bytes.toString('utf8', HEADER_BYTES, dataAt))
  // A copy: the batch's own memory, which moves to the worker as it is.
  const data = new Uint8Array(bytes.subarray(dataAt))
  let at = 0
  const values = descriptions.map((description): IndexedValue => {
    const [index] = description
    if (!isValue(description)) return { index, value: failingValue(description) }
    const [, size, version, changedAt] = description
    const value = { size, version, changedAt, sealed: data, at }
    at += storedLength(size)
    return { index, value }
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

type ValueDescription = Extract<Description, readonly [number, number, number, number]>

function isValue(description: Description): description is ValueDescription {
  return typeof description[1] === 'number'
}

function failingValue([, failing, unavailable]: Exclude<Description, ValueDescription>): EntryValue {
  return unavailable === true ? { failing, unavailable } : { failing }
}

function isDescription(value: unknown): value is Description {
  if (!Array.isArray(value)) return false
  const [index, second, third] = value as unknown[]
  if (!Number.isSafeInteger(index) || !inRange(index, 0, Number.MAX_SAFE_INTEGER)) return false
  if (typeof second === 'string') return value.length === 2 || (value.length === 3 && third === true)
  const isSized = inRange(second, 0, MAX_SECRET_BYTES) && inRange(third, 1, 2 ** 52)
  return value.length === 4 && value.every(Number.isSafeInteger) && isSized
}

function inRange(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most
}
