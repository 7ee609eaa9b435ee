/**
 * Lines from the thread that serves requests to the one that writes them out: bytes in shared memory, one producer, one consumer, no lock and no
 * message per line. What doesn't fit is dropped and counted, so a slow reader can't slow a request.
 */
export class LineRing {
  readonly memory: SharedArrayBuffer
  readonly #bytes: Uint8Array
  /** Bytes written and bytes taken since the start (modulo 2^32), lines dropped, and whether the consumer was told of what waits. */
  readonly #counts: Int32Array

  /** Over the memory of another thread's ring, or over new memory of `capacity` bytes, a power of two. */
  constructor(memory: SharedArrayBuffer | number) {
    this.memory = typeof memory === 'number' ? new SharedArrayBuffer(HEADER_BYTES + memory) : memory
    this.#counts = new Int32Array(this.memory, 0, 4)
    this.#bytes = new Uint8Array(this.memory, HEADER_BYTES)
  }

  /** Bytes that wait to be taken. */
  get waiting(): number {
    return (Atomics.load(this.#counts, WRITTEN) - Atomics.load(this.#counts, TAKEN)) >>> 0
  }

  get dropped(): number {
    return Atomics.load(this.#counts, DROPPED)
  }

  /** The consumer was told and has not taken since. */
  get announced(): boolean {
    return Atomics.load(this.#counts, ANNOUNCED) === 1
  }

  /** Producer: true when the consumer is to be told, because it wasn't yet. */
  announce(): boolean {
    return Atomics.exchange(this.#counts, ANNOUNCED, 1) === 0
  }

  /** Producer: the whole line, or nothing of it. */
  put(line: Uint8Array): void {
    if (line.length > this.#bytes.length - this.waiting) {
      Atomics.add(this.#counts, DROPPED, 1)
      return
    }
    const at = this.#index(WRITTEN)
    const first = this.#bytes.length - at
    if (line.length <= first) this.#bytes.set(line, at)
    else {
      this.#bytes.set(line.subarray(0, first), at)
      this.#bytes.set(line.subarray(first), 0)
    }
    Atomics.add(this.#counts, WRITTEN, line.length)
  }

  /** Consumer: everything that waits, as a copy. */
  take(): Uint8Array {
    // First: a line that comes after the length was read must be announced anew.
    Atomics.store(this.#counts, ANNOUNCED, 0)
    const length = this.waiting
    const at = this.#index(TAKEN)
    const taken = new Uint8Array(length)
    const first = Math.min(length, this.#bytes.length - at)
    taken.set(this.#bytes.subarray(at, at + first))
    taken.set(this.#bytes.subarray(0, length - first), first)
    Atomics.add(this.#counts, TAKEN, length)
    return taken
  }

  #index(count: typeof WRITTEN | typeof TAKEN): number {
    return Atomics.load(this.#counts, count) & (this.#bytes.length - 1)
  }
}

const HEADER_BYTES = 16
const WRITTEN = 0
const TAKEN = 1
const DROPPED = 2
const ANNOUNCED = 3
