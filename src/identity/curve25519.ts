import { createHash, createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'
import type { Curve25519Identity } from './identity.ts'

/** DER in front of the 32 key bytes (RFC 8410, sections 4 and 7). */
const privateKeyInfo = {
  x25519: Uint8Array.from([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20]),
  ed25519: Uint8Array.from([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]),
}
const publicKeyInfo = Uint8Array.from([0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 0x21, 0])

/** X25519 of a secret key and a public key, 32 bytes each. Throws when the result is all zeros (RFC 7748, section 6.1). */
export function sharedSecret(secretKey: Uint8Array, publicKey: Uint8Array): Buffer {
  // OpenSSL takes much longer to read DER.
  const x = Buffer.from(publicKey).toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' })
  return diffieHellman({ privateKey: keptKey(secretKey), publicKey: key })
}

/** The same where what stands for the public key is secret, and mustn't become a string. */
export function sharedSecretOf(secretKey: Uint8Array, secretPoint: Uint8Array): Buffer {
  const spki = Buffer.concat([publicKeyInfo, secretPoint])
  try {
    return diffieHellman({
      privateKey: keptKey(secretKey),
      publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
    })
  } finally {
    spki.fill(0)
  }
}

/** OpenSSL takes longer to read a key than to use it. It goes with the bytes that it was made of, which an identity keeps anyway. */
const kept = new WeakMap<Uint8Array, KeyObject>()

function keptKey(secretKey: Uint8Array): KeyObject {
  const key = kept.get(secretKey) ?? privateKeyObject('x25519', secretKey)
  kept.set(secretKey, key)
  return key
}

/** The X25519 public key of 32 secret bytes. */
export function publicKeyOf(secretKey: Uint8Array): Uint8Array {
  return publicHalf('x25519', secretKey)
}

/** The Ed25519 public key of a seed (RFC 8032, section 5.1.5). */
export function ed25519PublicKeyOf(seed: Uint8Array): Uint8Array {
  return publicHalf('ed25519', seed)
}

/** The X25519 secret key of an Ed25519 seed: the first half of its SHA-512, as ssh-to-age and age have it. */
export function curve25519OfSeed(seed: Uint8Array): Uint8Array {
  const digest = createHash('sha512').update(seed).digest()
  try {
    return Uint8Array.from(digest.subarray(0, 32))
  } finally {
    digest.fill(0)
  }
}

/** An identity from 32 secret bytes, which it keeps. `origin` names it in messages. */
export function curve25519Identity(secretKey: Uint8Array, origin: string): Curve25519Identity {
  return { kind: 'x25519', secretKey, publicKey: publicKeyOf(secretKey), origin }
}

function publicHalf(curve: 'x25519' | 'ed25519', secretKey: Uint8Array): Uint8Array {
  const spki = createPublicKey(privateKeyObject(curve, secretKey)).export({ format: 'der', type: 'spki' })
  return Uint8Array.from(spki.subarray(publicKeyInfo.length))
}

function privateKeyObject(curve: 'x25519' | 'ed25519', secretKey: Uint8Array) {
  const pkcs8 = Buffer.concat([privateKeyInfo[curve], secretKey])
  try {
    return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  } finally {
    pkcs8.fill(0)
  }
}
