import wrappers from 'libsodium-wrappers'
import { CURVE25519_BYTES, SEAL_BYTES, TAG_BYTES } from './sizes.ts'

export { CURVE25519_BYTES, KEY_BYTES, NONCE_BYTES, SEAL_BYTES, TAG_BYTES } from './sizes.ts'

/**
 * libsodium on its own heap. The high-level calls of libsodium-wrappers leave plaintext and key behind in the
 * WASM heap; the functions here work on memory that the caller allocates and wipes.
 *
 * A `Region` is a fixed part of the WASM heap. Its bytes are outside the JavaScript heap, are never moved by the garbage
 * collector, and can be given to system calls as they are.
 */
export interface Region {
  /** Address in the WASM heap. */
  readonly at: number
  readonly length: number
  /** The bytes; ask at each use, because growing the heap detaches older views. */
  bytes(): Uint8Array
  /** Overwrite with zeros. */
  wipe(): void
  /** Wipe and give back. */
  free(): void
}

/** What `_crypto_*` of the WASM build looks like: addresses and lengths in bytes. */
interface Heap {
  readonly HEAPU8: Uint8Array
  _malloc(length: number): number
  _free(at: number): void
  _crypto_aead_xchacha20poly1305_ietf_encrypt(
    out: number,
    outLength: number,
    message: number,
    length: number,
    lengthHigh: number,
    ad: number,
    adLength: number,
    adLengthHigh: number,
    secretNonce: number,
    nonce: number,
    key: number,
  ): number
  _crypto_aead_xchacha20poly1305_ietf_decrypt(
    out: number,
    outLength: number,
    secretNonce: number,
    sealed: number,
    length: number,
    lengthHigh: number,
    ad: number,
    adLength: number,
    adLengthHigh: number,
    nonce: number,
    key: number,
  ): number
  _crypto_box_seal(
    out: number,
    message: number,
    length: number,
    lengthHigh: number,
    publicKey: number,
  ): number
  _crypto_box_seal_open(
    out: number,
    sealed: number,
    length: number,
    lengthHigh: number,
    publicKey: number,
    secretKey: number,
  ): number
  _crypto_scalarmult_base(out: number, secretKey: number): number
  _crypto_generichash(
    out: number,
    outLength: number,
    message: number,
    length: number,
    lengthHigh: number,
    key: number,
    keyLength: number,
  ): number
  _crypto_sign_ed25519_pk_to_curve25519(out: number, publicKey: number): number
}

export interface Sodium {
  /** Memory of the WASM heap, zeroed. Throws `RangeError` when the heap can't grow. */
  allocate(length: number): Region
  /** A region with a copy of `bytes`; the caller wipes its own copy. */
  allocateFrom(bytes: Uint8Array): Region
  /**
   * Encrypt `length` bytes at `message` to `length + TAG_BYTES` bytes at `out`; they may be the same address.
   * `nonce` and `key` are addresses of NONCE_BYTES and KEY_BYTES bytes.
   */
  encrypt(
    out: number,
    message: number,
    length: number,
    ad: Region | undefined,
    nonce: number,
    key: number,
  ): void
  /** The inverse: `length` counts the tag. False, and `out` holds nothing of use, when it doesn't authenticate. */
  decrypt(
    out: number,
    sealed: number,
    length: number,
    ad: Region | undefined,
    nonce: number,
    key: number,
  ): boolean
  /** `crypto_box_seal` of `message` for a Curve25519 public key. */
  seal(message: Region, publicKey: Uint8Array): Uint8Array
  /** Open a sealed box into a new region, or undefined when this key pair doesn't open it. */
  openSeal(sealed: Uint8Array, publicKey: Uint8Array, secretKey: Region): Region | undefined
  /** The Curve25519 public key of a secret key. */
  publicKeyOf(secretKey: Region): Uint8Array
  /** The Curve25519 form of an Ed25519 public key, or undefined when it isn't a point of the main subgroup. */
  curve25519Of(ed25519PublicKey: Uint8Array): Uint8Array | undefined
  /** BLAKE2b of `message` under `key`, `length` bytes (16 to 64). */
  keyedHash(message: Region, key: Uint8Array, length: number): Uint8Array
}

let loading: Promise<Sodium> | undefined
let loaded: Sodium | undefined

/** Load the WASM module, once per thread. */
export function loadSodium(): Promise<Sodium> {
  loading ??= wrappers.ready.then(
    () => (loaded = facade((wrappers as unknown as { libsodium: Heap }).libsodium)),
  )
  return loading
}

/** What `loadSodium` has given this thread, for code that can't wait. Throws when it hasn't yet. */
export function loadedSodium(): Sodium {
  if (loaded === undefined) throw new Error('libsodium is not loaded yet')
  return loaded
}

function facade(heap: Heap): Sodium {
  const allocate = (length: number): Region => {
    const at = heap._malloc(Math.max(length, 1))
    if (at === 0) throw new RangeError(`libsodium's heap has no ${length} bytes left`)
    let view: Uint8Array = new Uint8Array()
    const bytes = () => (view.length > 0 ? view : (view = heap.HEAPU8.subarray(at, at + length)))
    const wipe = () => void heap.HEAPU8.fill(0, at, at + length)
    const free = () => {
      wipe()
      heap._free(at)
    }
    wipe()
    return { at, length, bytes, wipe, free }
  }
  const allocateFrom = (source: Uint8Array): Region => {
    const region = allocate(source.length)
    region.bytes().set(source)
    return region
  }
  return { allocate, allocateFrom, ...symmetric(heap), ...publicKeys(heap, allocate, allocateFrom) }
}

function symmetric(heap: Heap): Pick<Sodium, 'encrypt' | 'decrypt'> {
  return {
    encrypt(out, message, length, ad, nonce, key) {
      const code = heap._crypto_aead_xchacha20poly1305_ietf_encrypt(
        out,
        0,
        message,
        length,
        0,
        ad?.at ?? 0,
        ad?.length ?? 0,
        0,
        0,
        nonce,
        key,
      )
      if (code !== 0) throw new Error('crypto_aead_xchacha20poly1305_ietf_encrypt failed')
    },
    decrypt(out, sealed, length, ad, nonce, key) {
      if (length < TAG_BYTES) return false
      const code = heap._crypto_aead_xchacha20poly1305_ietf_decrypt(
        out,
        0,
        0,
        sealed,
        length,
        0,
        ad?.at ?? 0,
        ad?.length ?? 0,
        0,
        nonce,
        key,
      )
      return code === 0
    },
  }
}

type PublicKeyPart = Pick<Sodium, 'seal' | 'openSeal' | 'publicKeyOf' | 'curve25519Of' | 'keyedHash'>

function publicKeys(
  heap: Heap,
  allocate: Sodium['allocate'],
  allocateFrom: Sodium['allocateFrom'],
): PublicKeyPart {
  /** Run `body` with public bytes copied to the heap; returns a copy of the `length` bytes that it wrote, or undefined. */
  const compute = (length: number, inputs: Uint8Array[], body: (out: number, at: number[]) => number) => {
    const out = allocate(length)
    const copies = inputs.map(allocateFrom)
    try {
      return body(
        out.at,
        copies.map((copy) => copy.at),
      ) === 0
        ? out.bytes().slice()
        : undefined
    } finally {
      for (const region of [out, ...copies]) region.free()
    }
  }
  return {
    seal: (message, publicKey) =>
      must(
        compute(message.length + SEAL_BYTES, [exactly(publicKey, CURVE25519_BYTES)], (out, [key = 0]) =>
          heap._crypto_box_seal(out, message.at, message.length, 0, key),
        ),
        'crypto_box_seal',
      ),
    openSeal(sealed, publicKey, secretKey) {
      if (sealed.length < SEAL_BYTES) return undefined
      const message = allocate(sealed.length - SEAL_BYTES)
      const box = allocateFrom(sealed)
      const key = allocateFrom(exactly(publicKey, CURVE25519_BYTES))
      const opened =
        heap._crypto_box_seal_open(message.at, box.at, sealed.length, 0, key.at, secretKey.at) === 0
      box.free()
      key.free()
      if (opened) return message
      message.free()
      return undefined
    },
    publicKeyOf: (secretKey) =>
      must(
        compute(CURVE25519_BYTES, [], (out) => heap._crypto_scalarmult_base(out, secretKey.at)),
        'crypto_scalarmult_base',
      ),
    curve25519Of: (ed25519) =>
      compute(CURVE25519_BYTES, [exactly(ed25519, CURVE25519_BYTES)], (out, [key = 0]) =>
        heap._crypto_sign_ed25519_pk_to_curve25519(out, key),
      ),
    keyedHash: (message, key, length) =>
      must(
        compute(length, [key], (out, [k = 0]) =>
          heap._crypto_generichash(out, length, message.at, message.length, 0, k, key.length),
        ),
        'crypto_generichash',
      ),
  }
}

function exactly(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`${length} bytes expected, got ${bytes.length}`)
  return bytes
}

function must(result: Uint8Array | undefined, what: string): Uint8Array {
  if (result === undefined) throw new Error(`${what} failed`)
  return result
}
