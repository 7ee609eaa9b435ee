import { isUtf8 } from 'node:buffer'
import type { ByteWriter } from './byte-writer.ts'

/** Quoted strings, written from bytes to bytes. */

const BACKSLASH = 0x5c
const named = new Map([
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
  [0x22, '\\"'],
  [BACKSLASH, '\\\\'],
])

/** A JSON string as Go's encoding/json writes it: `<`, `>`, `&`, U+2028 and U+2029 escaped, a byte that isn't UTF-8 as U+FFFD. */
export function writeJsonString(writer: ByteWriter, bytes: Uint8Array): void {
  writer.text('"')
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0
    const length = byte < 0x80 ? 1 : sequenceAt(bytes, at)
    if (length === 0) writer.text('\\ufffd')
    else if (length === 1) writeJsonAscii(writer, byte)
    else if (isLineSeparator(bytes, at)) writer.text(`\\u20${(bytes[at + 2] ?? 0) === 0xa8 ? '28' : '29'}`)
    else writer.bytes(bytes.subarray(at, at + length))
    at += Math.max(length, 1)
  }
  writer.text('"')
}

function writeJsonAscii(writer: ByteWriter, byte: number): void {
  const escape = named.get(byte)
  if (escape !== undefined) writer.text(escape)
  else if (byte < 0x20 || byte === 0x3c || byte === 0x3e || byte === 0x26) writer.text(`\\u00${hex(byte)}`)
  else writer.byte(byte)
}

/** A double-quoted YAML string on one line; its bytes are UTF-8. What YAML 1.1 or 1.2 calls not printable is escaped. */
export function writeYamlString(writer: ByteWriter, bytes: Uint8Array): void {
  writer.text('"')
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    const next = bytes[at + 1] ?? 0
    const escape = named.get(byte)
    if (escape !== undefined) writer.text(escape)
    else if (byte < 0x20 || byte === 0x7f) writer.text(`\\x${hex(byte)}`)
    else if (byte === 0xc2 && next < 0xa0) {
      writer.text(`\\x${hex(next)}`)
      at += 1
    } else if (isLineSeparator(bytes, at) || isNoCharacter(bytes, at)) {
      writer.text(`\\u${codeOf(bytes, at).toString(16).padStart(4, '0')}`)
      at += 2
    } else writer.byte(byte)
  }
  writer.text('"')
}

/** U+2028 and U+2029. */
function isLineSeparator(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xe2 && bytes[at + 1] === 0x80 && (bytes[at + 2] === 0xa8 || bytes[at + 2] === 0xa9)
}

/** The byte order mark, U+FFFE and U+FFFF. */
function isNoCharacter(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0xef) return false
  const [second = 0, third = 0] = bytes.subarray(at + 1, at + 3)
  return (second === 0xbb && third === 0xbf) || (second === 0xbf && third >= 0xbe)
}

/** The code point of three bytes. */
function codeOf(bytes: Uint8Array, at: number): number {
  const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3)
  return ((first & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f)
}

/** Bytes of the UTF-8 sequence that starts there with a byte above 0x7f; 0 where there is none. */
function sequenceAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] ?? 0
  const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
  const sequence = bytes.subarray(at, at + length)
  return sequence.length === length && isUtf8(sequence) ? length : 0
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
