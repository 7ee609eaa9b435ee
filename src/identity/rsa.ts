import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { IdentityError } from '../base/errors.ts'
import type { SshRsaIdentity } from './identity.ts'
import { rsaBlob } from './ssh-wire.ts'

/** What an OpenSSH key file holds of an RSA key: positive integers, big-endian, without leading zero bytes. */
export interface RsaNumbers {
  readonly n: Uint8Array
  readonly e: Uint8Array
  readonly d: Uint8Array
  readonly iqmp: Uint8Array
  readonly p: Uint8Array
  readonly q: Uint8Array
}

/** OpenSSL's own limit, in bytes (OPENSSL_RSA_MAX_MODULUS_BITS, 16,384). */
const MAX_MODULUS_BYTES = 2048

/** An identity from the numbers of an RSA private key; the caller wipes them. Throws IdentityError naming `origin`. */
export function rsaIdentity(numbers: RsaNumbers, origin: string): SshRsaIdentity {
  if (Object.values(numbers).some((number: Uint8Array) => number.length > MAX_MODULUS_BYTES))
    throw new IdentityError(`${origin}: the RSA key is damaged: a number in it is too large`)
  const der = pkcs1(numbers)
  try {
    return rsaIdentityOf(createPrivateKey({ key: der, format: 'der', type: 'pkcs1' }), origin)
  } catch (cause) {
    throw new IdentityError(`${origin}: the RSA key is damaged`, { cause })
  } finally {
    der.fill(0)
  }
}

/** An identity from an RSA private key that node:crypto has read. */
export function rsaIdentityOf(privateKey: KeyObject, origin: string): SshRsaIdentity {
  const { e = '', n = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  const sshPublicKey = rsaBlob(Buffer.from(e, 'base64url'), Buffer.from(n, 'base64url'))
  return { kind: 'ssh-rsa', privateKey, sshPublicKey, origin }
}

/** RSAPrivateKey of RFC 8017, appendix A.1.2. OpenSSH leaves out the two exponents of the Chinese remainders. */
function pkcs1({ n, e, d, p, q, iqmp }: RsaNumbers): Buffer {
  const dp = remainder(d, minusOne(p))
  const dq = remainder(d, minusOne(q))
  const parts = [Uint8Array.of(0), n, e, d, p, q, dp, dq, iqmp].map(derInteger)
  const content = Buffer.concat(parts)
  try {
    return Buffer.concat([Uint8Array.from(derHeader(0x30, content.length)), content])
  } finally {
    for (const secret of [dp, dq, content, ...parts]) secret.fill(0)
  }
}

function derInteger(positive: Uint8Array): Uint8Array {
  const padding = (positive[0] ?? 0x80) < 0x80 ? [] : [0]
  const header = derHeader(2, positive.length + padding.length)
  const out = new Uint8Array(header.length + padding.length + positive.length)
  out.set(header)
  out.set(positive, header.length + padding.length)
  return out
}

/** Tag and length (X.690, section 8.1.3); lengths here are below 65,536. */
function derHeader(tag: number, length: number): number[] {
  if (length < 0x80) return [tag, length]
  return length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
}

/** An odd number less one. */
function minusOne(odd: Uint8Array): Uint8Array {
  const out = Uint8Array.from(odd)
  const last = out.length - 1
  out[last] = (out[last] ?? 0) & 0xfe
  return out
}

/**
 * `dividend` mod `divisor`, by shift and subtract, one bit at a time: on bytes, because a BigInt can't be wiped.
 * Leading zero bytes are left out. Wipes `divisor`.
 */
function remainder(dividend: Uint8Array, divisor: Uint8Array): Uint8Array {
  const rest = new Uint8Array(divisor.length + 1)
  for (const byte of dividend)
    for (let bit = 7; bit >= 0; bit--) {
      shiftIn(rest, (byte >> bit) & 1)
      if (notLess(rest, divisor)) subtract(rest, divisor)
    }
  divisor.fill(0)
  const start = rest.findIndex((byte) => byte !== 0)
  return rest.subarray(start < 0 ? rest.length - 1 : start)
}

function shiftIn(number: Uint8Array, bit: number): void {
  let carry = bit
  for (let i = number.length - 1; i >= 0; i--) {
    const value = ((number[i] ?? 0) << 1) | carry
    number[i] = value & 0xff
    carry = value >> 8
  }
}

/** `number` has one byte more than `divisor`. */
function notLess(number: Uint8Array, divisor: Uint8Array): boolean {
  if (number[0] !== 0) return true
  for (let i = 0; i < divisor.length; i++) {
    const difference = (number[i + 1] ?? 0) - (divisor[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}

function subtract(number: Uint8Array, divisor: Uint8Array): void {
  let borrow = 0
  for (let i = divisor.length; i >= 0; i--) {
    const value = (number[i] ?? 0) - (divisor[i - 1] ?? 0) - borrow
    number[i] = value & 0xff
    borrow = value < 0 ? 1 : 0
  }
}
