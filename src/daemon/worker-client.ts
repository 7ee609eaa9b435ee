import type { Worker } from 'node:worker_threads'
import { reasonOf } from '../base/errors.ts'
import { createEventFd, signalEventFd } from '../sys/libc.ts'
import { isPresent, type EntryValue } from '../vfs/table.ts'
import type { Counted, FromWorker, OrderBody, ToWorker, WorkerStart } from './worker-protocol.ts'

type Unasked = Exclude<FromWorker, { kind: 'done' }>

/** The FUSE worker as the main thread sees it. */
export class WorkerClient {
  readonly #worker: Worker
  readonly #wake: number
  readonly #asked = new Map<number, (counters: Counted) => void>()
  #id = 0

  /** Tells the thread what it needs; `onMessage` is told everything that it says of its own accord, a crash as `fatal`. */
  constructor(worker: Worker, start: Omit<WorkerStart, 'wake'>, onMessage: (message: Unasked) => void) {
    this.#wake = createEventFd()
    this.#worker = worker
    this.#worker.on('message', (message: FromWorker) => {
      if (message.kind === 'done') this.#done(message.id, message.counters)
      else onMessage(message)
    })
    this.#worker.on('error', (error) => {
      onMessage({ kind: 'fatal', reason: reasonOf(error) })
    })
    this.#send({ kind: 'start', start: { ...start, wake: this.#wake } })
  }

  /** Give an order and wake the thread from poll(2). Resolves when it is carried out; never, when the loop has ended before. */
  order(body: OrderBody): Promise<Counted> {
    const id = ++this.#id
    const done = new Promise<Counted>((resolve) => this.#asked.set(id, resolve))
    this.#send({ ...body, id })
    return done
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message, transfersOf(message))
    signalEventFd(this.#wake)
  }

  #done(id: number, counters: Counted): void {
    this.#asked.get(id)?.(counters)
    this.#asked.delete(id)
  }
}

/** The buffers that values lie in: they move to the worker, so each value is in memory once. */
function transfersOf(message: ToWorker): ArrayBuffer[] {
  if (message.kind === 'settle') return memoryOf(message.values.map(({ value }) => value))
  return message.kind === 'replace' ? memoryOf(message.table.values) : []
}

function memoryOf(values: readonly EntryValue[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBufferLike>()
  for (const value of values)
    if (isPresent(value) && value.sealed.length > 0) buffers.add(value.sealed.buffer)
  return [...buffers] as ArrayBuffer[]
}
