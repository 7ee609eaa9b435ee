/** Lengths in bytes of libsodium's constructions; here, apart from its code, for whoever only needs to count. */

/** XChaCha20-Poly1305, IETF variant. */
export const KEY_BYTES = 32
export const NONCE_BYTES = 24
export const TAG_BYTES = 16
/** What a sealed box adds to its message: an ephemeral public key and a tag. */
export const SEAL_BYTES = 48
export const CURVE25519_BYTES = 32
