import { IdentityError } from '../base/errors.ts'

/** A checked reader of SSH's data types (RFC 4251, section 5). What it returns are views, not copies. */
export class SshReader {
  readonly #bytes: Uint8Array
  readonly #origin: string
  #at = 0

  /** `origin` names the file in messages. */
  constructor(bytes: Uint8Array, origin: string) {
    this.#bytes = bytes
    this.#origin = origin
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  take(length: number): Uint8Array {
    if (length > this.remaining)
      throw new IdentityError(`${this.#origin}: the SSH key is truncated or damaged`)
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  uint32(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.take(4)
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
  }

  string(): Uint8Array {
    return this.take(this.uint32())
  }

  /** A name: at most 64 characters of printable US-ASCII (RFC 4251, section 6). */
  name(): string {
    const bytes = this.string()
    if (bytes.length > 64 || bytes.some((byte) => byte < 0x21 || byte > 0x7e))
      throw new IdentityError(`${this.#origin}: the SSH key is damaged: a name in it is not a name`)
    return String.fromCharCode(...bytes)
  }

  /** A positive integer, big-endian, without the leading zero byte. */
  positive(): Uint8Array {
    const bytes = this.string()
    const [first = 0, second = 0] = bytes
    const minimal = first !== 0 ? first < 0x80 : second >= 0x80
    if (!minimal)
      throw new IdentityError(`${this.#origin}: the SSH key is damaged: an integer in it is not positive`)
    return first === 0 ? bytes.subarray(1) : bytes
  }
}

/** SSH's wire form of a sequence of strings (RFC 4251, section 5). */
function sshStrings(...strings: (string | Uint8Array)[]): Uint8Array {
  const parts = strings.flatMap((part) => {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return [length, bytes]
  })
  return Uint8Array.from(Buffer.concat(parts))
}

/** The wire form of an Ed25519 public key (RFC 8709, section 4). */
export function ed25519Blob(publicKey: Uint8Array): Uint8Array {
  return sshStrings('ssh-ed25519', publicKey)
}

/** The wire form of an RSA public key (RFC 4253, section 6.6) from its positive integers without leading zero bytes. */
export function rsaBlob(exponent: Uint8Array, modulus: Uint8Array): Uint8Array {
  return sshStrings('ssh-rsa', mpint(exponent), mpint(modulus))
}

function mpint(positive: Uint8Array): Uint8Array {
  return (positive[0] ?? 0) < 0x80 ? positive : Uint8Array.of(0, ...positive)
}
