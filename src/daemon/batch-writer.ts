import { writeAll } from '../sys/libc.ts'
import { encodeBatch, type Description, type Outcome } from './unseal-protocol.ts'

const BATCH_BYTES = 1 << 18
/** Readers wait for the first values while the others are being opened. */
const BATCH_COUNT = 64

/** Collects results into batches; writes block until the server has taken them. */
export class BatchWriter {
  readonly #fd: number
  #eager: boolean
  #descriptions: Description[] = []
  #stored: Uint8Array[] = []
  #length = 0

  /** `eager` writes each result by itself. */
  constructor(fd: number, eager: boolean) {
    this.#fd = fd
    this.#eager = eager
  }

  /** The result of the secret at `index` of the job. */
  add(index: number, outcome: Outcome, stored?: Uint8Array): void {
    this.#descriptions.push([index, ...outcome])
    if (stored !== undefined) this.#stored.push(stored)
    this.#length += stored?.length ?? 0
    const full = this.#length >= BATCH_BYTES || this.#descriptions.length >= BATCH_COUNT
    if (this.#eager || full) this.flush()
  }

  /** Write what waits, and from now on each result by itself: the next one may take long. */
  hurry(): void {
    this.#eager = true
    this.flush()
  }

  flush(): void {
    if (this.#descriptions.length === 0) return
    writeAll(this.#fd, encodeBatch(this.#descriptions, this.#stored))
    this.#descriptions = []
    this.#stored = []
    this.#length = 0
  }

  end(): void {
    this.flush()
    writeAll(this.#fd, encodeBatch([], []))
  }
}
