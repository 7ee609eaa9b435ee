import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readBoundedFile } from '../base/bounded-file.ts'
import { HushfsError, IdentityError } from '../base/errors.ts'
import type { Identity } from './identity.ts'
import { parseKeyLines } from './key-lines.ts'
import { ed25519Identity, parseOpenSshKey, passphraseProtected } from './openssh.ts'
import { decodeBase64, parsePem, type Pem } from './pem.ts'
import { rsaIdentityOf } from './rsa.ts'

/** No private key of any kind here is larger; a wrong path must not read a disk image in. */
const MAX_IDENTITY_BYTES = 256 << 10

/**
 * The identities of several files, in order. A file that is missing or can't be used is a problem (a line that names
 * it), not an error: one of several host keys may be absent, and the others still open what is theirs.
 */
export function loadIdentities(paths: readonly string[]): { identities: Identity[]; problems: string[] } {
  const identities: Identity[] = []
  const problems: string[] = []
  for (const path of paths)
    try {
      identities.push(...loadIdentityFile(path))
    } catch (error) {
      if (!(error instanceof HushfsError)) throw error
      problems.push(error.message)
    }
  return { identities, problems }
}

/** The identities of one file: at least one. Throws IdentityError naming the file, with what to do as its hint. */
export function loadIdentityFile(path: string): Identity[] {
  const file = readBoundedFile(path, MAX_IDENTITY_BYTES, (message, cause) => unreadable(message, cause))
  try {
    return parseIdentityFile(file, path)
  } finally {
    file.fill(0)
  }
}

/**
 * The identities in the bytes of a hushfs or age identity file, an OpenSSH private key, or a PEM private key. The
 * caller wipes `file`. `origin` names it in messages. Throws IdentityError.
 */
export function parseIdentityFile(file: Uint8Array, origin: string): Identity[] {
  const pem = parsePem(file, origin)
  if (pem === undefined) return parseKeyLines(file, origin)
  if (pem.label === 'OPENSSH PRIVATE KEY') return [parseOpenSshPem(pem, origin)]
  return [parsePkcs(file, pem, origin)]
}

function unreadable(message: string, cause: unknown): IdentityError {
  return new IdentityError(message, {
    cause,
    hint: 'check the path under `identities`; `hushfs keygen -o FILE` makes a new identity',
  })
}

function parseOpenSshPem(pem: Pem, origin: string): Identity {
  const blob = decodeBase64(pem.body)
  if (blob === undefined) throw new IdentityError(`${origin}: the SSH private key is damaged: not base64`)
  try {
    return parseOpenSshKey(blob, origin)
  } finally {
    blob.fill(0)
  }
}

/** PKCS#1 and PKCS#8, as older ssh-keygen, `ssh-keygen -m PEM` and openssl write them. */
function parsePkcs(file: Uint8Array, { label, body }: Pem, origin: string): Identity {
  if (label === 'AGE ENCRYPTED FILE') throw encrypted(origin)
  if (label === 'ENCRYPTED PRIVATE KEY' || Buffer.from(body).includes('Proc-Type: 4,ENCRYPTED'))
    throw passphraseProtected(origin)
  if (label !== 'PRIVATE KEY' && label !== 'RSA PRIVATE KEY') throw unsupported(label, origin)
  let key: KeyObject
  try {
    key = createPrivateKey({ key: Buffer.from(file.buffer, file.byteOffset, file.length), format: 'pem' })
  } catch (cause) {
    throw new IdentityError(`${origin}: the private key is damaged`, { cause })
  }
  if (key.asymmetricKeyType === 'rsa') return rsaIdentityOf(key, origin)
  if (key.asymmetricKeyType === 'ed25519') return ed25519OfPkcs8(key, origin)
  throw unsupported(`${key.asymmetricKeyType ?? 'unknown'} ${label}`, origin)
}

/** The seed is the end of the 48 bytes (RFC 8410, section 7). */
function ed25519OfPkcs8(key: KeyObject, origin: string): Identity {
  const der = key.export({ format: 'der', type: 'pkcs8' })
  try {
    return ed25519Identity(der.subarray(-32), origin)
  } finally {
    der.fill(0)
  }
}

function unsupported(what: string, origin: string): IdentityError {
  return new IdentityError(`${origin}: a key of this kind (${what}) can't open secrets`, {
    hint: 'configure an ssh-ed25519 or ssh-rsa key, an age identity, or a hushfs identity (hushfs keygen)',
  })
}

function encrypted(origin: string): IdentityError {
  return new IdentityError(`${origin}: the identity file is itself encrypted with age`, {
    hint: 'decrypt it to a file that only root can read (age -d -o FILE), or configure another identity',
  })
}
