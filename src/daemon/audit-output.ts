import { write } from 'node:fs'

const STDOUT = 1
/** Until a reader of a non-blocking pipe has made room. Milliseconds. */
const RETRY_AFTER = 50

/**
 * Audit lines to standard output, for the journal. Never blocks and never throws. What waits stays where it is until the reader has taken what came
 * before, so its bound is theirs who keep it; once standard output is closed, nothing is fetched any more.
 */
export class AuditOutput {
  readonly #fd: number
  #writing = false
  #broken = false

  constructor(fd = STDOUT) {
    this.#fd = fd
  }

  /** Write what `take` gives, again and again until it gives nothing. */
  drain(take: () => Uint8Array): void {
    if (!this.#writing && !this.#broken) this.#write(take(), take)
  }

  #write(lines: Uint8Array, take: () => Uint8Array): void {
    this.#writing = lines.length > 0
    if (!this.#writing) return
    write(this.#fd, lines, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(() => this.#write(lines, take), RETRY_AFTER)
      else if (error !== null) this.#broken = true
      else this.#write(written === lines.length ? take() : lines.subarray(written), take)
    })
  }
}
