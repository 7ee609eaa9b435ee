import { isUtf8 } from 'node:buffer'
import type { TemplateFilter } from '../config/config.ts'

/** A filter gives the value in its form, in memory of its own, or says what in the value that form can't carry, in words that follow "it has". */
type Filter = (value: Uint8Array) => Uint8Array | string

/** How each byte is written. */
type Escapes = readonly Uint8Array[]

const ascii = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))
const hex = (byte: number) => byte.toString(16).padStart(2, '0')

const escapesBy = (write: (char: string, byte: number) => string): Escapes =>
  Array.from({ length: 256 }, (_, byte) => ascii(write(String.fromCharCode(byte), byte)))

/** RFC 8259, section 7. */
const jsonEscapes = escapesBy((char, byte) => {
  if (char === '"' || char === '\\') return `\\${char}`
  return byte < 0x20 ? `\\u00${hex(byte)}` : char
})

/** POSIX.1, 2.2.2: between single quotes everything stands for itself but a single quote. */
const shellEscapes = escapesBy((char) => (char === "'" ? "'\\''" : char))

/** RFC 3986, section 2.3: what isn't unreserved is written as its bytes. */
const urlEscapes = escapesBy((char, byte) =>
  /[A-Za-z0-9._~-]/.test(char) ? char : `%${hex(byte).toUpperCase()}`,
)

/** systemd.exec(5), EnvironmentFile=: between double quotes, a backslash stands before these (SHELL_NEED_ESCAPE in systemd's escape.h). */
const systemdEscapes = escapesBy((char) => (/["\\`$]/.test(char) ? `\\${char}` : char))

const NUL = 'a NUL byte'
const NO_UTF8 = 'bytes that are no UTF-8'
const NONCHARACTER = 'a Unicode noncharacter'

const filters: Readonly<Record<TemplateFilter, Filter>> = {
  json: (value) => (isUtf8(value) ? escaped(value, jsonEscapes, '"') : NO_UTF8),
  shell: (value) => (value.includes(0) ? NUL : escaped(value, shellEscapes, "'")),
  base64,
  urlencode: (value) => escaped(value, urlEscapes, ''),
  systemd: (value) => {
    if (value.includes(0)) return NUL
    if (!isUtf8(value)) return NO_UTF8
    return hasNoncharacter(value) ? NONCHARACTER : escaped(value, systemdEscapes, '"')
  },
}

/** The value as the filter writes it, which the caller wipes; a string says what in it the filter can't carry. */
export function applyFilter(filter: TemplateFilter, value: Uint8Array): Uint8Array | string {
  return filters[filter](value)
}

function escaped(value: Uint8Array, escapes: Escapes, quote: string): Uint8Array {
  const quotes = ascii(quote)
  let length = 2 * quotes.length
  for (const byte of value) length += escapes[byte]?.length ?? 0
  const out = new Uint8Array(length)
  out.set(quotes)
  let at = quotes.length
  for (const byte of value) {
    const escape = escapes[byte] ?? quotes
    out.set(escape, at)
    at += escape.length
  }
  out.set(quotes, at)
  return out
}

const BASE64 = ascii('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const PADDING = 0x3d

/** RFC 4648, section 4, on one line. Not by way of a string, which can't be wiped. */
function base64(value: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 * Math.ceil(value.length / 3)).fill(PADDING)
  let at = 0
  for (let from = 0; from < value.length; from += 3) {
    const group = ((value[from] ?? 0) << 16) | ((value[from + 1] ?? 0) << 8) | (value[from + 2] ?? 0)
    const digits = Math.min(value.length - from, 3) + 1
    for (let digit = 0; digit < digits; digit++)
      out[at + digit] = BASE64[(group >> (18 - 6 * digit)) & 63] ?? 0
    at += 4
  }
  return out
}

/** Of valid UTF-8: U+FDD0 to U+FDEF, and the last two of each plane, which systemd takes for no UTF-8 (unichar_is_valid in its utf8.c). */
function hasNoncharacter(value: Uint8Array): boolean {
  return value.some((third, at) => {
    const last = value[at + 1] ?? 0
    const second = value[at - 1] ?? 0
    if (third === 0xb7 && second === 0xef) return last >= 0x90 && last <= 0xaf
    if (third !== 0xbf || (last !== 0xbe && last !== 0xbf)) return false
    return second === 0xef || ((second & 0xcf) === 0x8f && (value[at - 2] ?? 0) >= 0xf0)
  })
}
