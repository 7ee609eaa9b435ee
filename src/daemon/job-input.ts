import type { Readable } from 'node:stream'

const NEWLINE = 0x0a
const INDEX_BYTES = 4
/** Set in the index of a secret that another child has opened. */
const OPENED = 0x8000_0000

/** What the server says while the child opens: somebody waits for the secret at `index` of the job, or another child has opened it. */
export function encodeIndexes(indexes: readonly number[], kind: 'wanted' | 'opened'): Uint8Array {
  const bytes = Buffer.alloc(indexes.length * INDEX_BYTES)
  for (const [at, index] of indexes.entries())
    bytes.writeUInt32LE(kind === 'opened' ? index + OPENED : index, at * INDEX_BYTES)
  return bytes
}

/** Standard input of the unseal child (unseal-protocol.ts): the job, then indexes of its secrets (encodeIndexes). */
export class JobInput {
  /** The text of the job; empty when there is none. */
  readonly job: Promise<string>
  readonly #stream: Readable
  #bytes: Buffer = Buffer.alloc(0)

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
          this.#bytes = Buffer.concat([this.#bytes, piece.subarray(at + 1)])
        pieces?.push(at < 0 ? piece : piece.subarray(0, at))
        if (at >= 0) end()
      })
    })
  }

  /** The indexes that have come since this was asked. */
  take(): { readonly wanted: number[]; readonly opened: number[] } {
    const wanted: number[] = []
    const opened: number[] = []
    let at = 0
    for (; at + INDEX_BYTES <= this.#bytes.length; at += INDEX_BYTES) {
      const index = this.#bytes.readUInt32LE(at)
      if (index < OPENED) wanted.push(index)
      else opened.push(index - OPENED)
    }
    this.#bytes = this.#bytes.subarray(at)
    return { wanted, opened }
  }

  /** Nothing more is asked of this child. */
  close(): void {
    this.#stream.destroy()
  }
}
