import { loadSodium } from '../../src/crypto/sodium.ts'
import type { Curve25519Identity } from '../../src/identity/identity.ts'
import { recipientOf, type Recipient } from '../../src/identity/recipient.ts'

export interface KeyPair {
  readonly identity: Curve25519Identity
  readonly recipient: Recipient
}

/** The key pair whose secret key is 32 times `fill` (1 to 255): the same in each process and run. */
export async function keyPair(fill: number): Promise<KeyPair> {
  const sodium = await loadSodium()
  const secretKey = new Uint8Array(32).fill(fill)
  const region = sodium.allocateFrom(secretKey)
  try {
    const publicKey = sodium.publicKeyOf(region)
    const identity = { kind: 'x25519', secretKey, publicKey, origin: `test key ${fill}` } as const
    const recipient = recipientOf(identity)
    if (recipient === undefined) throw new Error('a Curve25519 identity has a recipient')
    return { identity, recipient }
  } finally {
    region.free()
  }
}
