const MOST_LINES = 20
const MOST_BYTES = 500

/** Standard error of one command as lines for the log: so many lines, each of so many bytes; the rest is counted. */
export class StderrLines {
  readonly #say: (line: string) => void
  #line: Buffer[] = []
  #length = 0
  #lines = 0

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  push(piece: Buffer): void {
    let from = 0
    for (let end = piece.indexOf(0x0a); end >= 0; end = piece.indexOf(0x0a, from)) {
      this.#add(piece.subarray(from, end))
      this.#endLine()
      from = end + 1
    }
    this.#add(piece.subarray(from))
  }

  end(): void {
    if (this.#length > 0) this.#endLine()
    if (this.#lines > MOST_LINES) this.#say(`and ${this.#lines - MOST_LINES} lines more`)
  }

  #add(part: Buffer): void {
    // A copy: the piece is as large as the pipe.
    if (this.#length < MOST_BYTES) this.#line.push(Buffer.from(part.subarray(0, MOST_BYTES - this.#length)))
    this.#length += part.length
  }

  #endLine(): void {
    this.#lines++
    if (this.#lines <= MOST_LINES) {
      const more = this.#length > MOST_BYTES ? '…' : ''
      this.#say(`${Buffer.concat(this.#line).toString('utf8')}${more}`)
    }
    this.#line = []
    this.#length = 0
  }
}
