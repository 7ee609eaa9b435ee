import type { KeyObject } from 'node:crypto'

/**
 * A private key that opens sources. Every kind but RSA holds a Curve25519 key: an SSH Ed25519 key gives one
 * by the conversion that ssh-to-age uses, so it opens hushfs' sealed files and age files for its `age1...` form too.
 */
export type Identity = Curve25519Identity | SshEd25519Identity | SshRsaIdentity

export interface Curve25519Identity {
  readonly kind: 'x25519'
  /** 32 bytes each. */
  readonly secretKey: Uint8Array
  readonly publicKey: Uint8Array
  /** Where it was read from, for messages. */
  readonly origin: string
}

export interface SshEd25519Identity {
  readonly kind: 'ssh-ed25519'
  /** The Curve25519 form: first half of SHA-512 of the seed, clamped by its users (ssh-to-age). 32 bytes each. */
  readonly secretKey: Uint8Array
  readonly publicKey: Uint8Array
  /** The SSH wire form of the public key (RFC 8709, section 4), which age's ssh-ed25519 stanza hashes. */
  readonly sshPublicKey: Uint8Array
  readonly origin: string
}

export interface SshRsaIdentity {
  readonly kind: 'ssh-rsa'
  readonly privateKey: KeyObject
  /** The SSH wire form of the public key (RFC 4253, section 6.6). */
  readonly sshPublicKey: Uint8Array
  readonly origin: string
}
