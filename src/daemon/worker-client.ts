import type { Worker } from 'node:worker_threads'
import { reasonOf } from '../base/errors.ts'
import { createEventFd, signalEventFd } from '../sys/libc.ts'
import { isPresent, type EntryValue } from '../vfs/table.ts'
import type { FromWorker, ToWorker, WorkerStart } from './worker-protocol.ts'

/** The FUSE worker as the main thread sees it. */
export class WorkerClient {
  readonly #worker: Worker
  readonly #wake: number

  /** Tells the thread what it needs; `onMessage` is told everything that it says, a crash as `fatal`. */
  constructor(worker: Worker, start: Omit<WorkerStart, 'wake'>, onMessage: (message: FromWorker) => void) {
    this.#wake = createEventFd()
    this.#worker = worker
    this.#worker.on('message', onMessage)
    this.#worker.on('error', (error) => {
      onMessage({ kind: 'fatal', reason: reasonOf(error) })
    })
    this.tell({ kind: 'start', start: { ...start, wake: this.#wake } })
  }

  /** Say something and wake the thread from poll(2). */
  tell(message: ToWorker): void {
    this.#worker.postMessage(message, transfersOf(message))
    signalEventFd(this.#wake)
  }
}

/** The buffers that values lie in: they move to the worker, so each value is in memory once. */
function transfersOf(message: ToWorker): ArrayBuffer[] {
  if (message.kind === 'settle') return memoryOf(message.values.map(({ value }) => value))
  return message.kind === 'replace' ? memoryOf(message.table.secrets.map(({ value }) => value)) : []
}

function memoryOf(values: readonly EntryValue[]): ArrayBuffer[] {
  const buffers = values.flatMap((value) => (isPresent(value) ? [value.sealed.buffer] : []))
  return [...new Set(buffers)] as ArrayBuffer[]
}
