import { write } from 'node:fs'
import type { AuditRecord } from '../audit/trail.ts'

const STDOUT = 1
/** What may wait for a slow reader of standard output; more is dropped and counted. Bytes. */
const MOST_WAITING = 4 << 20

/** Audit records to standard output, for the journal: one JSON object a line. Never blocks and never throws. */
export class AuditOutput {
  #waiting: Buffer[] = []
  #length = 0
  #writing = false
  #broken = false
  /** Records that nobody could be given. */
  dropped = 0

  add(records: readonly AuditRecord[]): void {
    if (this.#broken || this.#length > MOST_WAITING) {
      this.dropped += records.length
      return
    }
    const text = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
    this.#waiting.push(text)
    this.#length += text.length
    this.#next()
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

  #done(text: Buffer, written: number): void {
    this.#length -= written
    if (written === text.length) this.#waiting.shift()
    else this.#waiting[0] = text.subarray(written)
  }
}
