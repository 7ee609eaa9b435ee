import { constants, privateDecrypt } from 'node:crypto'
import { SourceError } from '../base/errors.ts'
import { FILE_KEY_BYTES, malformed, type AgeStanza } from './age-file-key.ts'
import { sshFingerprint } from './age-ssh-fingerprint.ts'
import type { SshRsaIdentity } from './identity.ts'

/**
 * C2SP age-ssh, "The ssh-rsa recipient type":
 *   -> ssh-rsa fingerprint
 *   body = RSAES-OAEP(file key), hash SHA-256, MGF1 with SHA-256, label "age-encryption.org/v1/ssh-rsa"
 * The file key, or undefined when the stanza is for someone else. Throws SourceError for a malformed stanza.
 */
export function openSshRsa(identity: SshRsaIdentity, stanza: AgeStanza): Uint8Array | undefined {
  const [type, tag, ...more] = stanza.args
  if (type !== 'ssh-rsa') return undefined
  if (tag === undefined || more.length > 0) throw malformed(stanza)
  if (tag !== sshFingerprint(identity.sshPublicKey)) return undefined
  const fileKey = decrypt(identity, stanza)
  if (fileKey.length === FILE_KEY_BYTES) return fileKey
  fileKey.fill(0)
  throw malformed(stanza)
}

/** The fingerprint fits, so what doesn't decrypt is damaged: no other stanza is meant for this key. */
function decrypt({ privateKey, origin }: SshRsaIdentity, stanza: AgeStanza): Buffer {
  try {
    return privateDecrypt(
      {
        key: privateKey,
        padding: constants.RSA_PKCS1_OAEP_PADDING,
        oaepHash: 'sha256',
        oaepLabel: Buffer.from('age-encryption.org/v1/ssh-rsa'),
      },
      stanza.body,
    )
  } catch (cause) {
    throw new SourceError(`the ssh-rsa stanza for ${origin} doesn't decrypt with it`, { cause })
  }
}
