import { agree } from './age-x25519.ts'
import { sharedSecretOf } from './curve25519.ts'
import { decodeShare, deriveKey, malformed, unwrapFileKey, type AgeStanza } from './age-file-key.ts'
import type { SshEd25519Identity } from './identity.ts'
import { sshFingerprint } from './age-ssh-fingerprint.ts'

const LABEL = 'age-encryption.org/v1/ssh-ed25519'

/**
 * C2SP age-ssh, "The ssh-ed25519 recipient type":
 *   -> ssh-ed25519 fingerprint base64(ephemeral share)
 *   tweak = HKDF-SHA-256(ikm = empty, salt = ssh public key, info = LABEL)
 *   shared secret = X25519(tweak, X25519(converted key, ephemeral share))
 *   salt = ephemeral share || converted public key
 *   wrap key = HKDF-SHA-256(ikm = shared secret, salt, info = LABEL)
 * The file key, or undefined when the stanza is for someone else. Throws SourceError for a malformed stanza.
 */
export function openSshEd25519(identity: SshEd25519Identity, stanza: AgeStanza): Uint8Array | undefined {
  const [type, tag, argument, ...more] = stanza.args
  if (type !== 'ssh-ed25519') return undefined
  if (tag === undefined || argument === undefined || more.length > 0) throw malformed(stanza)
  const share = decodeShare(stanza, argument)
  if (tag !== sshFingerprint(identity.sshPublicKey)) return undefined
  const tweak = deriveKey(new Uint8Array(0), identity.sshPublicKey, LABEL)
  const untweaked = agree(identity.secretKey, share, stanza)
  const secret = agree(tweak, untweaked, stanza, sharedSecretOf)
  const wrapKey = deriveKey(secret, Buffer.concat([share, identity.publicKey]), LABEL)
  try {
    return unwrapFileKey(stanza, wrapKey)
  } finally {
    for (const bytes of [untweaked, secret, wrapKey]) bytes.fill(0)
  }
}
