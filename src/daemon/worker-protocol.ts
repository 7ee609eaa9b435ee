import type { Unknown } from '../caller/caller.ts'
import type { Hierarchy } from '../caller/hierarchy.ts'
import type { Wishes } from '../fuse/init.ts'
import type { PackedTable } from '../vfs/packed-table.ts'
import type { IndexedValue } from '../vfs/table.ts'
import type { AllowanceFile } from './allowance-file.ts'

/** What the FUSE worker must know first. */
export interface WorkerStart {
  /** Descriptors, which threads share: /dev/fuse, the memory of the connection, and the eventfd that wakes the worker. */
  readonly device: number
  readonly memory: number
  readonly wake: number
  /** KEY_BYTES of memory key; the worker copies it to its WASM heap. */
  readonly memoryKey: Uint8Array
  readonly trace: boolean
  readonly wishes: Omit<Wishes, 'mostBytes'>
  /** How long to poll for the next request after an answer, at most; 0: not at all. Microseconds. */
  readonly polling: number
  /** Memory of the ring of audit lines. */
  readonly audit: SharedArrayBuffer
  /** Where systemd keeps its units, or why that isn't known. */
  readonly hierarchy: Hierarchy | Unknown
  readonly allowances: AllowanceFile
}

/** To the worker. The first two are `start`, and `replace` after the device was mounted; the others are read after a signal on the eventfd. */
export type ToWorker = { readonly kind: 'start'; readonly start: WorkerStart } | Order

/** What the worker does between two requests, and answers with `done` and the same number. */
export type Order = { readonly id: number } & OrderBody

export type OrderBody =
  /** Serve this table from the next request on. */
  | { readonly kind: 'replace'; readonly table: PackedTable; readonly facts: StatusFacts }
  /** Other values of the table. */
  | { readonly kind: 'settle'; readonly values: readonly IndexedValue[]; readonly facts: StatusFacts }
  | { readonly kind: 'facts'; readonly facts: StatusFacts }
  /** Collect garbage, which stops the loop for a moment: a `replace` does so too, but for the first one. */
  | { readonly kind: 'tidy' }
  /** Answering it is all: the loop turns. */
  | { readonly kind: 'probe' }
  | { readonly kind: 'stop' }

/** From the worker. */
export type FromWorker =
  /** INIT was answered, by this server or by the one before it: reads work. */
  | { readonly kind: 'initialized' }
  | { readonly kind: 'done'; readonly id: number; readonly counters: Counted }
  /** The kernel may have pages of the node, and must forget them. */
  | { readonly kind: 'uncached'; readonly node: number }
  /** A reader waits for the value of this secret, the first one that does. */
  | { readonly kind: 'awaited'; readonly name: string }
  /** Lines wait in the ring of the audit. */
  | { readonly kind: 'audit' }
  | { readonly kind: 'unexpected'; readonly op: string; readonly reason: string }
  /** The loop ended: the mount is gone, or it was told to stop. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'fatal'; readonly reason: string }

/** Since the start of this server. */
export interface Counted {
  readonly opens: number
  readonly reads: number
  /** Opens and reads that were answered with an error. */
  readonly errors: number
  /** Opens and reads by who may not. */
  readonly refused: number
  /** Audit records that were not sent on: standard output was too slow. */
  readonly auditDropped: number
  /** Processor time spent polling for requests. */
  readonly polledMilliseconds: number
}

/** What `.hushfs/status.json` says. */
export interface Status extends StatusFacts {
  readonly counters: Counted
}

/** The same, but for the counters, which the worker has. Times are RFC 3339. */
export interface StatusFacts {
  readonly version: string
  readonly pid: number
  readonly mountPoint: string
  readonly config: string
  readonly startedAt: string
  readonly generation: number
  /** `stale` ones have a value and count as served; `pending`: still being opened for the first time. */
  readonly secrets: {
    readonly total: number
    readonly failing: number
    readonly stale: number
    readonly pending: number
  }
  /** Secrets without a value, since when and why. */
  readonly failing: readonly Trouble[]
  /** Secrets whose source can't be asked, and whose last value is served. */
  readonly stale: readonly Trouble[]
  readonly reloads: {
    readonly count: number
    /** Of the last one; exit status 0, or why nothing changed. */
    readonly last: { readonly at: string; readonly exitStatus: number; readonly reason?: string } | null
  }
}

export interface Trouble {
  readonly name: string
  readonly reason: string
  readonly since: string | null
}
