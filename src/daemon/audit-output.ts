import { write } from 'node:fs'

const STDOUT = 1
/** What may wait for a slow reader of standard output; more is dropped. Bytes. */
const MOST_WAITING = 4 << 20

/** Audit lines to standard output, for the journal. Never blocks and never throws. */
export class AuditOutput {
  #waiting: Uint8Array[] = []
  #length = 0
  #writing = false
  #broken = false

  /** False when the lines were dropped: standard output is closed, or far behind. */
  add(lines: Uint8Array): boolean {
    if (this.#broken || this.#length > MOST_WAITING) return false
    this.#waiting.push(lines)
    this.#length += lines.length
    this.#next()
    return true
  }

  #next(): void {
    const text = this.#waiting[0]
    if (text === undefined || this.#writing) return
    this.#writing = true
    write(STDOUT, text, (error, written) => {
      this.#writing = false
      if (error !== null && error.code !== 'EAGAIN') {
        this.#broken = true
        return
      }
      this.#done(text, error === null ? written : 0)
      this.#next()
    })
  }

  #done(text: Uint8Array, written: number): void {
    this.#length -= written
    if (written === text.length) this.#waiting.shift()
    else this.#waiting[0] = text.subarray(written)
  }
}
