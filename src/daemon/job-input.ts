import type { Readable } from 'node:stream'

const NEWLINE = 0x0a
const INDEX_BYTES = 4

/** Standard input of the unseal child (unseal-protocol.ts): the job, then indexes of secrets that readers wait for. */
export class JobInput {
  /** The text of the job; empty when there is none. */
  readonly job: Promise<string>
  readonly #stream: Readable
  #wanted: Buffer = Buffer.alloc(0)

  constructor(stream: Readable) {
    this.#stream = stream
    this.job = new Promise((resolve) => {
      let pieces: Buffer[] | undefined = []
      const end = () => {
        resolve(Buffer.concat(pieces ?? []).toString('utf8'))
        pieces = undefined
      }
      stream.on('end', end)
      stream.on('data', (piece: Buffer) => {
        const at = pieces === undefined ? -1 : piece.indexOf(NEWLINE)
        if (pieces === undefined || at >= 0)
          this.#wanted = Buffer.concat([this.#wanted, piece.subarray(at + 1)])
        pieces?.push(at < 0 ? piece : piece.subarray(0, at))
        if (at >= 0) end()
      })
    })
  }

  /** The indexes that have come since this was asked. */
  takeWanted(): number[] {
    const count = Math.floor(this.#wanted.length / INDEX_BYTES)
    const indexes = Array.from({ length: count }, (_, at) => this.#wanted.readUInt32LE(at * INDEX_BYTES))
    this.#wanted = this.#wanted.subarray(count * INDEX_BYTES)
    return indexes
  }

  /** Nothing more is asked of this child. */
  close(): void {
    this.#stream.destroy()
  }
}
