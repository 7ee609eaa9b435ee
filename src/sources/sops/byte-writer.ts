/** Puts bytes together without a string of them; each piece that was outgrown is wiped. */
export class ByteWriter {
  #buffer = Buffer.alloc(4096)
  #length = 0

  /** Text that is no secret: keys, punctuation. */
  text(text: string): void {
    this.bytes(Buffer.from(text))
  }

  bytes(bytes: Uint8Array): void {
    this.#grow(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  byte(value: number): void {
    this.#grow(1)
    this.#buffer[this.#length++] = value
  }

  #grow(more: number): void {
    if (this.#length + more <= this.#buffer.length) return
    const larger = Buffer.alloc(Math.max(2 * this.#buffer.length, this.#length + more))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer.fill(0)
    this.#buffer = larger
  }

  /** All of it, in memory of its own. The writer is empty and wiped afterwards. */
  take(): Uint8Array {
    const bytes = new Uint8Array(this.#buffer.subarray(0, this.#length))
    this.#buffer.fill(0)
    this.#length = 0
    return bytes
  }
}
