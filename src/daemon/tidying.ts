import { trimMemory } from '../sys/libc.ts'
import { collectGarbage } from './collect-garbage.ts'
import { soon } from './soon.ts'

/** V8 gives the room for new objects back when hardly any were made for five seconds (Heap::ReduceNewSpaceSize). Milliseconds. */
const QUIET = 10_000
/** Buffers that a collection has found unused are freed after it, by another thread (V8's ArrayBufferSweeper). Milliseconds. */
const FREED = 1000

/** Gives the system back what a load has needed: after it, and once more when all has been quiet for a while. */
export class Tidying {
  readonly #collectInWorker: () => Promise<unknown>
  readonly #trimSoon = soon(trimMemory, FREED)
  readonly #collectLater = soon(() => void this.#collectAll(), QUIET)
  #isWorkerTidy = false

  constructor(collectInWorker: () => Promise<unknown>) {
    this.#collectInWorker = collectInWorker
  }

  /** All secrets were loaded. */
  loaded(): void {
    // In a turn of its own: what has loaded the secrets still has hold of them while it says that it is done.
    setImmediate(() => {
      collectGarbage()
      this.#trimSoon()
    })
    this.#collectLater()
  }

  async #collectAll(): Promise<void> {
    collectGarbage()
    // What the worker leaves behind at its start is much; later it tidies up itself.
    if (!this.#isWorkerTidy) {
      this.#isWorkerTidy = true
      await this.#collectInWorker()
    }
    this.#trimSoon()
  }
}
