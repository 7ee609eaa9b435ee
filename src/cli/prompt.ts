import type { ReadStream } from 'node:tty'
import { InterruptedError, StoreError } from '../base/errors.ts'

/** A typed value is a line; a longer one comes from a file. */
const MAX_LINE_BYTES = 16 << 10

const END = new Set([0x0d, 0x0a, 0x04])
const INTERRUPT = 0x03
const ERASE = new Set([0x7f, 0x08])
const KILL_LINE = 0x15

/**
 * Ask twice for a value on a terminal that shows nothing of it. The caller wipes the bytes. Throws `StoreError` when the two differ or
 * are empty, `InterruptedError` on Ctrl-C.
 */
export async function promptTwice(what: string): Promise<Uint8Array> {
  const terminal = process.stdin as ReadStream
  const lines: Buffer[] = []
  // Before the first prompt and until after the last line, so that nothing typed early is shown either.
  terminal.setRawMode(true)
  try {
    for (const prompt of [`${what}: `, `${what}, again: `]) lines.push(await promptHidden(terminal, prompt))
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = lines
    if (Buffer.compare(first, second) !== 0) throw new StoreError('the two values differ; nothing is changed')
    if (first.length === 0) {
      throw new StoreError('no value was typed; nothing is changed', {
        hint: 'an empty secret can be made with `--from /dev/null`',
      })
    }
    return Uint8Array.from(first)
  } finally {
    for (const line of lines) line.fill(0)
    terminal.setRawMode(false)
  }
}

/** A question whose answer may be seen; true for y or yes. */
export async function confirm(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
    return /^y(es)?$/i.test((await Promise.race([terminal.question(`${question} [y/N] `), closed])).trim())
  } finally {
    terminal.close()
  }
}

/** Bytes stay bytes: readline would make strings of them, which can't be wiped. */
async function promptHidden(terminal: ReadStream, prompt: string): Promise<Buffer> {
  const line = new HiddenLine()
  process.stderr.write(prompt)
  try {
    while (!line.complete) {
      const typed = await nextBytes(terminal)
      if (typed === undefined) break
      line.type(typed)
      typed.fill(0)
    }
    return line.take()
  } finally {
    line.wipe()
    process.stderr.write('\n')
  }
}

/** What is typed next; undefined when the terminal is gone. */
function nextBytes(terminal: ReadStream): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const settle = (typed?: Buffer) => {
      terminal.off('data', settle).off('end', settle).pause()
      resolve(typed)
    }
    terminal.on('data', settle).on('end', settle).resume()
  })
}

/** One line as it is typed in raw mode (termios(3): VERASE, VKILL, VINTR, VEOF have no effect there). */
class HiddenLine {
  readonly #bytes = Buffer.alloc(MAX_LINE_BYTES)
  #length = 0

  /** Enter or Ctrl-D was typed. */
  complete = false

  /** What comes after the end of the line is dropped. */
  type(typed: Uint8Array): void {
    for (const byte of typed) {
      if (END.has(byte)) this.complete = true
      if (this.complete) return
      if (byte === INTERRUPT) throw new InterruptedError()
      if (ERASE.has(byte)) this.#erase()
      else if (byte === KILL_LINE) this.#length = 0
      else this.#append(byte)
    }
  }

  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length))
  }

  wipe(): void {
    this.#bytes.fill(0)
  }

  #append(byte: number): void {
    if (this.#length === MAX_LINE_BYTES) throw new StoreError('the line is too long; give a file with --from')
    this.#bytes[this.#length++] = byte
  }

  /** A whole character: UTF-8 continuation bytes go with their first one. */
  #erase(): void {
    while (this.#length > 0 && ((this.#bytes[--this.#length] ?? 0) & 0xc0) === 0x80);
  }
}
