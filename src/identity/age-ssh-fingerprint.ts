import { createHash } from 'node:crypto'
import { base64nopad } from '@scure/base'

/** C2SP age-ssh: base64 of the first four bytes of SHA-256 of the SSH wire form of the public key. */
export function sshFingerprint(sshPublicKey: Uint8Array): string {
  return base64nopad.encode(createHash('sha256').update(sshPublicKey).digest().subarray(0, 4))
}
