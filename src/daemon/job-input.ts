import type { Readable } from 'node:stream'
import { JOB_HEADER_BYTES, jobLength } from './packed-job.ts'

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
  /** The job as `encodeJob` has made it; empty when there is none. */
  readonly job: Promise<Buffer>
  readonly #stream: Readable
  #pieces: Buffer[] = []
  #length = 0
  /** What must be there before anything can be said of the job; undefined: it was taken. */
  #needed: number | undefined = JOB_HEADER_BYTES

  constructor(stream: Readable) {
    this.#stream = stream
    this.job = new Promise((resolve) => {
      stream.on('end', () => {
        resolve(Buffer.alloc(0))
      })
      stream.on('data', (piece: Buffer) => {
        this.#pieces.push(piece)
        this.#length += piece.length
        const job = this.#takeJob()
        if (job !== undefined) resolve(job)
      })
    })
  }

  /** The indexes that have come since this was asked. */
  take(): { readonly wanted: number[]; readonly opened: number[] } {
    const wanted: number[] = []
    const opened: number[] = []
    if (this.#needed !== undefined) return { wanted, opened }
    const bytes = Buffer.concat(this.#pieces)
    let at = 0
    for (; at + INDEX_BYTES <= bytes.length; at += INDEX_BYTES) {
      const index = bytes.readUInt32LE(at)
      if (index < OPENED) wanted.push(index)
      else opened.push(index - OPENED)
    }
    this.#pieces = [bytes.subarray(at)]
    return { wanted, opened }
  }

  #takeJob(): Buffer | undefined {
    if (this.#needed === undefined || this.#length < this.#needed) return undefined
    const bytes = Buffer.concat(this.#pieces)
    const needed = jobLength(bytes)
    const isThere = bytes.length >= needed
    this.#needed = isThere ? undefined : needed
    this.#pieces = [isThere ? bytes.subarray(needed) : bytes]
    return isThere ? bytes.subarray(0, needed) : undefined
  }

  /** Nothing more is asked of this child. */
  close(): void {
    this.#stream.destroy()
  }
}
