import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { rsaIdentity, type RsaNumbers } from '../../../src/identity/rsa.ts'

function numbersOf(modulusLength: number, publicExponent: number) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent })
  const { n = '', e = '', d = '', qi = '', p = '', q = '' } = privateKey.export({ format: 'jwk' })
  const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'base64url'))
  const numbers: RsaNumbers = {
    n: bytes(n),
    e: bytes(e),
    d: bytes(d),
    iqmp: bytes(qi),
    p: bytes(p),
    q: bytes(q),
  }
  return { privateKey, numbers }
}

t.test('the key is the same, CRT exponents included', (t) => {
  for (const [bits, exponent] of [
    [512, 65537],
    [1024, 3],
    [1031, 65537],
    [2048, 65537],
  ] as const) {
    const { privateKey, numbers } = numbersOf(bits, exponent)
    const der = rsaIdentity(numbers, 'origin').privateKey.export({ format: 'der', type: 'pkcs1' })
    t.ok(der.equals(privateKey.export({ format: 'der', type: 'pkcs1' })), `${bits} bits`)
  }
  t.end()
})

t.test('numbers beyond what OpenSSL takes', (t) => {
  const { numbers } = numbersOf(512, 65537)
  const large = new Uint8Array(2049).fill(0xff)
  t.throws(() => rsaIdentity({ ...numbers, d: large }, 'origin'), { message: /^origin: .* too large$/ })
  t.end()
})
