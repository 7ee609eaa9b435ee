import { formatGeneral, formatPlain, parseFloat64 } from './go-number.ts'
import type { Leaf } from './tree.ts'

/** A scalar in the formats that know nothing but text (stores.go, ValToString). The bytes of a string are its own, not a copy. */
export function plainText({ type, bytes }: Leaf): Uint8Array {
  switch (type) {
    case 'str':
    case 'int':
      return bytes
    case 'bool':
      return Buffer.from(isTrue(bytes) ? 'true' : 'false')
    case 'null':
      return Buffer.from('<nil>')
    case 'float': {
      const value = floatOf(bytes)
      const text = formatGeneral(value).replace('e', 'E')
      return Buffer.from(/[.E]|Inf|NaN/.test(text) ? text : `${formatPlain(value)}.0`)
    }
    case 'time':
      // time.RFC3339 has no fraction.
      return Buffer.from(
        Buffer.from(bytes)
          .toString('latin1')
          .replace(/\.[0-9]+/, ''),
      )
  }
}

export function isTrue(bytes: Uint8Array): boolean {
  return bytes[0] === 0x54
}

export function floatOf(bytes: Uint8Array): number {
  return parseFloat64(Buffer.from(bytes).toString('latin1')) ?? NaN
}
