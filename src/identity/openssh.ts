import { IdentityError } from '../base/errors.ts'
import { curve25519OfSeed, ed25519PublicKeyOf, publicKeyOf } from './curve25519.ts'
import type { SshEd25519Identity, SshRsaIdentity } from './identity.ts'
import { rsaIdentity } from './rsa.ts'
import { ed25519Blob, SshReader } from './ssh-wire.ts'

const MAGIC = Buffer.from('openssh-key-v1\0')
/** Of the cipher "none": the private section is padded to it. */
const BLOCK_BYTES = 8

/**
 * An unencrypted private key in OpenSSH's own format (PROTOCOL.key of OpenSSH), Ed25519 or RSA. `blob` is the decoded
 * body, which the caller wipes. Throws IdentityError naming `origin`.
 */
export function parseOpenSshKey(blob: Uint8Array, origin: string): SshEd25519Identity | SshRsaIdentity {
  const outer = new SshReader(blob, origin)
  if (!MAGIC.equals(outer.take(MAGIC.length))) throw damaged(origin)
  const cipher = outer.name()
  const kdf = outer.name()
  outer.string()
  if (outer.uint32() !== 1) throw damaged(origin)
  const publicBlob = outer.string()
  const type = new SshReader(publicBlob, origin).name()
  refuseType(type, origin)
  if (cipher !== 'none' || kdf !== 'none') throw passphraseProtected(origin)
  const section = outer.string()
  if (outer.remaining !== 0 || section.length % BLOCK_BYTES !== 0) throw damaged(origin)
  return parsePrivateSection(section, publicBlob, type, origin)
}

/** The error for a key with a passphrase, in whichever format. */
export function passphraseProtected(origin: string): IdentityError {
  return new IdentityError(
    `${origin}: the private key is protected by a passphrase, which nobody is there to type`,
    {
      hint: 'remove it on a copy (ssh-keygen -p -N "" -f COPY) and configure the copy, or configure another identity',
    },
  )
}

function parsePrivateSection(section: Uint8Array, publicBlob: Uint8Array, type: string, origin: string) {
  const reader = new SshReader(section, origin)
  if (reader.uint32() !== reader.uint32() || reader.name() !== type) throw damaged(origin)
  const parse = type === 'ssh-ed25519' ? parseEd25519 : parseRsa
  const identity = parse(reader, origin)
  if (!Buffer.from(identity.sshPublicKey).equals(publicBlob)) throw damaged(origin)
  reader.string() // the comment
  const padding = reader.take(reader.remaining)
  if (padding.length >= BLOCK_BYTES || padding.some((byte, i) => byte !== i + 1)) throw damaged(origin)
  return identity
}

function parseEd25519(reader: SshReader, origin: string): SshEd25519Identity {
  const publicKey = reader.string()
  const secret = reader.string()
  if (publicKey.length !== 32 || secret.length !== 64) throw damaged(origin)
  if (!Buffer.from(publicKey).equals(secret.subarray(32))) throw damaged(origin)
  const identity = ed25519Identity(secret.subarray(0, 32), origin)
  if (!Buffer.from(identity.sshPublicKey).equals(ed25519Blob(publicKey))) throw damaged(origin)
  return identity
}

function parseRsa(reader: SshReader, origin: string): SshRsaIdentity {
  const [n, e, d] = [reader.positive(), reader.positive(), reader.positive()]
  const [iqmp, p, q] = [reader.positive(), reader.positive(), reader.positive()]
  return rsaIdentity({ n, e, d, iqmp, p, q }, origin)
}

/** An identity from an Ed25519 seed (32 bytes), which the caller wipes. */
export function ed25519Identity(seed: Uint8Array, origin: string): SshEd25519Identity {
  const secretKey = curve25519OfSeed(seed)
  return {
    kind: 'ssh-ed25519',
    secretKey,
    publicKey: publicKeyOf(secretKey),
    sshPublicKey: ed25519Blob(ed25519PublicKeyOf(seed)),
    origin,
  }
}

/** An ECDSA, DSA or hardware-backed key can't decrypt: age knows ssh-ed25519 and ssh-rsa only. */
function refuseType(type: string, origin: string): void {
  if (type === 'ssh-ed25519' || type === 'ssh-rsa') return
  throw new IdentityError(`${origin}: an SSH key of type ${type} can't open secrets`, {
    hint: 'configure an ssh-ed25519 or ssh-rsa key, or a hushfs identity (hushfs keygen)',
  })
}

function damaged(origin: string): IdentityError {
  return new IdentityError(`${origin}: the SSH private key is damaged`)
}
