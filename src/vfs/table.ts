import type { Rule } from '../policy/rules.ts'

/** What holds for all secrets at one moment. */
export interface TableHead {
  /** Counts from 1; higher is newer. */
  readonly generation: number
  /** Permission bits of directories. */
  readonly directoryMode: number
  /** When the set of names last changed: seconds since 1970. */
  readonly changedAt: number
}

/** All secrets at one moment. A reload makes a new table; nobody changes one. */
export interface SecretTable extends TableHead {
  readonly secrets: readonly SecretEntry[]
}

/** The same for who goes through it once. */
export interface SecretStream extends TableHead {
  readonly secrets: Iterable<SecretEntry>
}

export interface SecretEntry {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** Permission bits. */
  readonly mode: number
  readonly rule: Rule
  readonly value: EntryValue
}

/** A value; or why there is none: its readers get EIO; or that it is still being opened: its readers wait. */
export type EntryValue = PresentValue | FailingValue | PendingValue

export interface PendingValue {
  readonly pending: true
  /** When the wait began, on the clock of `monotonic`. */
  readonly since: number
  /** What an earlier server has served at this mount; undefined: there was none, so the kernel has nothing of it. */
  readonly version?: number | undefined
}

/** The value of the secret at `index` of a table, or of a job of the unseal child. */
export interface IndexedValue {
  readonly index: number
  readonly value: EntryValue
}

export interface FailingValue {
  readonly failing: string
  /** The source couldn't be asked: it may answer later, and a value that it gave before may be kept. */
  readonly unavailable?: true
}

export interface PresentValue {
  readonly size: number
  /**
   * Where it lies as in vault/value.ts, ciphertext under the key of the process: from byte `at` on, in memory that it shares with the values that came with it, because
   * a view of its own would be larger than a password. Empty between the threads: the bytes that the worker has already.
   */
  readonly sealed: Uint8Array
  readonly at: number
  /** Differs when the bytes differ; 1 to 2^52. It is the file handle, so it must come out the same in a later server. */
  readonly version: number
  /** When the value last changed: seconds since 1970. */
  readonly changedAt: number
}

export function isPresent(value: EntryValue): value is PresentValue {
  return 'sealed' in value
}

export function hasValue(value: EntryValue | undefined): boolean {
  return value !== undefined && isPresent(value)
}

export function isPending(value: EntryValue): value is PendingValue {
  return 'pending' in value
}

/** Where the bytes of a value are for the thread that doesn't serve it. */
export const NOWHERE = { sealed: new Uint8Array(), at: 0 } as const

/** The entry as the thread keeps it that doesn't serve the value. */
export function withoutBytes(entry: SecretEntry): SecretEntry {
  return isPresent(entry.value) ? { ...entry, value: withoutValueBytes(entry.value) } : entry
}

export function withoutValueBytes(value: PresentValue): PresentValue {
  return { ...value, ...NOWHERE }
}

/** Version of a secret without a value. */
export const NO_VERSION = 0

export function versionOf(value: EntryValue): number {
  return 'version' in value ? (value.version ?? NO_VERSION) : NO_VERSION
}
