import { IdentityError } from '../base/errors.ts'

const BEGIN = Buffer.from('-----BEGIN ')
const END = Buffer.from('-----END ')
const DASHES = '-----'

/** One block of textual encoding (RFC 7468), as bytes: no part of a private key becomes a string. */
export interface Pem {
  /** As `OPENSSH PRIVATE KEY`. */
  readonly label: string
  /** The lines between the boundaries. */
  readonly body: Uint8Array
}

/** The block that a file consists of, or undefined for a file that doesn't begin with one. */
export function parsePem(file: Uint8Array, origin: string): Pem | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  const start = bytes.findIndex((byte) => !isSpace(byte))
  if (start < 0 || !bytes.subarray(start, start + BEGIN.length).equals(BEGIN)) return undefined
  const lineEnd = bytes.indexOf('\n', start)
  const first = lineEnd < 0 ? '' : bytes.toString('latin1', start, lineEnd).trimEnd()
  const label = first.slice(BEGIN.length, -DASHES.length)
  const end = lineEnd < 0 ? -1 : bytes.indexOf(END, lineEnd)
  if (!first.endsWith(DASHES) || end < 0 || !/^[A-Z0-9 ]{1,64}$/.test(label))
    throw new IdentityError(`${origin}: the key is cut short: its END line is missing`)
  const last = bytes.toString('latin1', end, end + END.length + label.length + DASHES.length)
  if (last !== `-----END ${label}-----`)
    throw new IdentityError(`${origin}: the key is damaged: its END line doesn't fit its BEGIN line`)
  return { label, body: bytes.subarray(lineEnd + 1, end) }
}

/**
 * Strict base64 (RFC 4648, section 4) with line breaks, from bytes to bytes; undefined when it isn't. The libraries'
 * decoders take strings, which can't be wiped.
 */
export function decodeBase64(text: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(Math.ceil((text.length * 3) / 4))
  const length = decodeInto(out, text)
  if (length >= 0) return out.subarray(0, length)
  out.fill(0)
  return undefined
}

/** How many bytes were written, or -1. */
function decodeInto(out: Uint8Array, text: Uint8Array): number {
  let length = 0
  let digits = 0
  let padding = 0
  let bits = 0
  for (const byte of text) {
    if (isSpace(byte)) continue
    digits += 1
    if (byte === 0x3d) {
      padding += 1
      continue
    }
    const value = digitValue(byte)
    if (value < 0 || padding > 0) return -1
    bits = ((bits << 6) | value) & 0xfff
    if (digits % 4 !== 1) out[length++] = bits >> (2 * ((4 - (digits % 4)) % 4))
  }
  const unused = bits & ((1 << (2 * padding)) - 1)
  return digits % 4 === 0 && padding <= 2 && unused === 0 ? length : -1
}

function digitValue(byte: number): number {
  if (byte >= 0x41 && byte <= 0x5a) return byte - 0x41
  if (byte >= 0x61 && byte <= 0x7a) return byte - 0x61 + 26
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30 + 52
  if (byte === 0x2b) return 62
  return byte === 0x2f ? 63 : -1
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}
