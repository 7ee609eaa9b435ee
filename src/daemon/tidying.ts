import { trimMemory } from '../sys/libc.ts'
import { collectGarbage } from './collect-garbage.ts'
import { soon } from './soon.ts'

/** Who was waiting for the load has heard of it, and has made what it makes of it. Milliseconds. */
const HEARD = 1000
/** V8 gives the room for new objects back when hardly any were made in the five seconds before, and since the last collection (Heap::ReduceNewSpaceSize). Milliseconds. */
const QUIET = 10_000
/** Buffers that a collection has found unused are freed after it, by another thread (V8's ArrayBufferSweeper). Milliseconds. */
const FREED = 1000

/** Gives the system back what a load has needed: after it, and once more when all has been quiet for a while. */
export class Tidying {
  readonly #collectInWorker: () => Promise<unknown>
  readonly #trimSoon = soon(trimMemory, FREED)
  readonly #collectSoon = soon(() => this.#collect(), HEARD)
  readonly #collectLater = soon(() => void this.#collectAll(), QUIET)
  #isWorkerTidy = false

  constructor(collectInWorker: () => Promise<unknown>) {
    this.#collectInWorker = collectInWorker
  }

  /** All secrets were loaded. */
  loaded(): void {
    this.#collectSoon()
    this.#collectLater()
  }

  #collect(): void {
    collectGarbage()
    this.#trimSoon()
  }

  async #collectAll(): Promise<void> {
    this.#collect()
    // What the worker leaves behind at its start is much; later it tidies up itself.
    if (this.#isWorkerTidy) return
    this.#isWorkerTidy = true
    await this.#collectInWorker()
    this.#trimSoon()
  }
}
