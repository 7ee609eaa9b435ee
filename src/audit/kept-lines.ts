/**
 * The last lines of the audit in memory that outlives the server: a ring of bytes. Layout: how many bytes were ever written (u64, little endian), then the ring. The
 * count comes after the bytes, so a server that is killed while it writes loses that line.
 */
export class KeptLines {
  readonly #count: DataView
  readonly #ring: Uint8Array
  #written: number

  constructor(memory: Uint8Array) {
    this.#count = new DataView(memory.buffer, memory.byteOffset, COUNT_BYTES)
    this.#ring = memory.subarray(COUNT_BYTES)
    this.#written = Number(this.#count.getBigUint64(0, true))
  }

  /** Add a line with its newline. */
  add(line: Uint8Array): void {
    const at = this.#written % this.#ring.length
    const first = this.#ring.length - at
    if (line.length <= first) this.#ring.set(line, at)
    else {
      this.#ring.set(line.subarray(0, first), at)
      this.#ring.set(line.subarray(first), 0)
    }
    this.#written += line.length
    this.#count.setBigUint64(0, BigInt(this.#written), true)
  }

  /** The whole lines that are left, oldest first, each with its newline. */
  lines(): string[] {
    const at = this.#written % this.#ring.length
    const wrapped = this.#written > this.#ring.length
    const bytes = wrapped
      ? Buffer.concat([this.#ring.subarray(at), this.#ring.subarray(0, at)])
      : Buffer.from(this.#ring.subarray(0, at))
    const lines = bytes.toString('utf8').split('\n')
    // The oldest is cut where the ring begins; behind the last newline is nothing.
    return lines.slice(wrapped ? 1 : 0, -1).map((line) => `${line}\n`)
  }
}

const COUNT_BYTES = 8
