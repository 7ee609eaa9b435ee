import { SourceError } from '../../base/errors.ts'

/**
 * Shamir's secret sharing over GF(256) with the polynomial of AES, x^8 + x^4 + x^3 + x + 1, as HashiCorp Vault has it and sops took
 * it over (shamir/shamir.go). A part is the shared bytes and behind them its x coordinate.
 */
export function combineShares(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts
  const length = (first?.length ?? 0) - 1
  if (parts.length < 2 || length < 1 || parts.some((part) => part.length !== length + 1))
    throw new SourceError('the parts of the data key have no common length')
  const coordinates = parts.map((part) => part[length] ?? 0)
  if (coordinates.includes(0) || new Set(coordinates).size !== coordinates.length)
    throw new SourceError('two parts of the data key are the same, or one is none')
  const weights = coordinates.map((x) => weightAtZero(x, coordinates))
  const secret = new Uint8Array(length)
  for (const [index, part] of parts.entries()) {
    const weight = weights[index] ?? 0
    for (let at = 0; at < length; at++) secret[at] = (secret[at] ?? 0) ^ multiply(part[at] ?? 0, weight)
  }
  return secret
}

/** Lagrange's basis polynomial of `x` at 0; subtraction is addition is XOR. */
function weightAtZero(x: number, all: readonly number[]): number {
  return all
    .filter((other) => other !== x)
    .reduce((weight, other) => multiply(weight, multiply(other, inverse(x ^ other))), 1)
}

/** No branch and no table depends on a factor. */
function multiply(a: number, b: number): number {
  let product = 0
  for (let bit = 7; bit >= 0; bit--) {
    const doubled = ((product << 1) ^ (-(product >> 7) & 0x11b)) & 0xff
    product = doubled ^ (-((b >> bit) & 1) & a)
  }
  return product
}

/** a^254 is the inverse of a, whose 255th power is 1. */
function inverse(a: number): number {
  let result = 1
  for (let count = 0; count < 254; count++) result = multiply(result, a)
  return result
}
