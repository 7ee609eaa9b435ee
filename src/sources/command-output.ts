import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { createPipe } from '../sys/libc.ts'
import { MAX_SECRET_BYTES } from './source.ts'

/**
 * A pipe that a command writes to. Node would give it a socket, and a program that opens /dev/stdout or /dev/stderr would get ENXIO for it
 * (open(2)).
 */
export class OutputPipe {
  readonly writeEnd: number
  /** Resolves when nobody has the write end any more, or when it was destroyed. */
  readonly closed: Promise<unknown>
  readonly #reader: Socket

  constructor() {
    const { readEnd, writeEnd } = createPipe()
    this.writeEnd = writeEnd
    this.#reader = new Socket({ fd: readEnd, readable: true, writable: false })
    this.#reader.on('error', () => undefined)
    this.closed = new Promise((resolve) => this.#reader.once('close', resolve))
  }

  onData(take: (piece: Buffer) => void): void {
    this.#reader.on('data', take)
  }

  /** Once the command has it. */
  closeWriteEnd(): void {
    closeSync(this.writeEnd)
  }

  destroy(): void {
    this.#reader.destroy()
  }
}

/** What comes out of a pipe, in pieces that are wiped. */
export class Output {
  /** Called when it is longer than a secret may be. */
  onTooLong: () => void = () => undefined
  readonly #pieces: Buffer[] = []
  #length = 0

  constructor(pipe: OutputPipe) {
    pipe.onData((piece) => {
      this.#pieces.push(piece)
      this.#length += piece.length
      if (this.isTooLong) this.onTooLong()
    })
  }

  get isTooLong(): boolean {
    return this.#length > MAX_SECRET_BYTES
  }

  take(): Uint8Array {
    const all = new Uint8Array(this.#length)
    let at = 0
    for (const piece of this.#pieces) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  }

  wipe(): void {
    for (const piece of this.#pieces) piece.fill(0)
  }
}
