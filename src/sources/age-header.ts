import { createHmac, timingSafeEqual } from 'node:crypto'
import { base64nopad } from '@scure/base'
import { SourceError } from '../base/errors.ts'
import { deriveKey, type AgeStanza } from '../identity/age-file-key.ts'

/** The header of an age file (C2SP age, "Header"). */
export interface AgeHeader {
  readonly stanzas: readonly AgeStanza[]
  /** From the first byte to the dashes of the last line, which the MAC is of. */
  readonly signed: Uint8Array
  readonly mac: Uint8Array
  /** Bytes of the header: the payload starts there. */
  readonly length: number
}

export const AGE_VERSION = 'age-encryption.org/v1'
/** A line of a stanza's body; a shorter one is the last. Bytes. */
const LINE_BYTES = 48
const PRINTABLE = /^[\x20-\x7e]*$/

/** Throws `SourceError` for anything that isn't a whole header. */
export function parseAgeHeader(file: Uint8Array): AgeHeader {
  const lines = new Lines(file)
  if (lines.next() !== AGE_VERSION) throw damagedHeader()
  const stanzas: AgeStanza[] = []
  for (;;) {
    const start = lines.at
    const line = lines.next()
    const [arrow, ...args] = line.split(' ')
    if (arrow === '->' && args.length > 0) {
      if (args.includes('')) throw damagedHeader()
      stanzas.push({ args, body: readBody(lines) })
    } else {
      if (!line.startsWith('--- ')) throw damagedHeader()
      const mac = decode(line.slice(4))
      return { stanzas, signed: file.subarray(0, start + 3), mac, length: lines.at }
    }
  }
}

/** Throws `SourceError` when the header isn't the one that was made with this file key. */
export function checkAgeHeader({ signed, mac }: AgeHeader, fileKey: Uint8Array): void {
  const key = deriveKey(fileKey, new Uint8Array(), 'header')
  try {
    const expected = createHmac('sha256', key).update(signed).digest()
    if (mac.length === expected.length && timingSafeEqual(mac, expected)) return
  } finally {
    key.fill(0)
  }
  throw new SourceError("the age header was changed: its MAC doesn't fit")
}

export function damagedHeader(cause?: unknown): SourceError {
  return new SourceError('the age header is damaged or cut short', { cause })
}

/** Lines of printable ASCII, each with a line feed. */
class Lines {
  readonly #bytes: Buffer
  /** Where the next line starts. */
  at = 0

  constructor(file: Uint8Array) {
    this.#bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  }

  next(): string {
    const end = this.#bytes.indexOf('\n', this.at)
    if (end < 0) throw damagedHeader()
    const line = this.#bytes.toString('latin1', this.at, end)
    if (!PRINTABLE.test(line)) throw damagedHeader()
    this.at = end + 1
    return line
  }
}

function readBody(lines: Lines): Uint8Array {
  const pieces: Uint8Array[] = []
  for (;;) {
    const piece = decode(lines.next())
    if (piece.length > LINE_BYTES) throw damagedHeader()
    pieces.push(piece)
    if (piece.length < LINE_BYTES) return Buffer.concat(pieces)
  }
}

function decode(text: string): Uint8Array {
  try {
    return base64nopad.decode(text)
  } catch (cause) {
    throw damagedHeader(cause)
  }
}
