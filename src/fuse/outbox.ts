/** What may wait: the answer to an open, a release, a read of a password. Longer ones are sent at once. */
export const SLOT_BYTES = 1024
export const SLOTS = 16

/** SLOT_BYTES bytes; they are asked for at each use, because growing the heap that they lie in detaches them. */
interface Slot {
  bytes(): Uint8Array
}

/**
 * Replies that wait for each other while more requests are there than readers can make meanwhile. Sending them together wakes the readers while the processor
 * that they are to run on is awake already. Wiped when they are sent.
 */
export class Outbox {
  readonly #slots: readonly Slot[]
  readonly #lengths = new Uint32Array(SLOTS)
  #count = 0

  constructor(slots: readonly Slot[]) {
    this.#slots = slots
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  get isFull(): boolean {
    return this.#count === this.#slots.length
  }

  /** Copy a reply; false when there is no room for it. */
  put(reply: Uint8Array, length: number): boolean {
    const slot = this.#slots[this.#count]
    if (slot === undefined || length > SLOT_BYTES) return false
    slot.bytes().set(reply.subarray(0, length))
    this.#lengths[this.#count++] = length
    return true
  }

  /** Send all, and wipe them even if that fails. */
  flush(send: (reply: Uint8Array, length: number) => void): void {
    const count = this.#count
    this.#count = 0
    try {
      for (let at = 0; at < count; at++) send(this.#bytes(at), this.#lengths[at] ?? 0)
    } finally {
      for (let at = 0; at < count; at++) this.#bytes(at).fill(0, 0, this.#lengths[at])
    }
  }

  #bytes(at: number): Uint8Array {
    return this.#slots[at]?.bytes() ?? new Uint8Array()
  }
}
