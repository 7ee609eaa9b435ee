import { randomBytes } from 'node:crypto'
import { bech32 } from '@scure/base'
import { publicKeyOf } from './curve25519.ts'
import { SECRET_KEY_PREFIX } from './key-lines.ts'
import { formatRecipient } from './recipient.ts'

/**
 * A new identity: the bytes of its file, laid out as age-keygen does, and its recipient (`hushfs1...`).
 * The caller wipes `file`.
 */
export function generateIdentity(now: Date = new Date()): { file: Uint8Array; recipient: string } {
  const secretKey = randomBytes(32)
  try {
    const recipient = formatRecipient(publicKeyOf(secretKey))
    const created = now.toISOString().replace(/\.\d+Z$/, 'Z')
    const key = bech32.encodeFromBytes(SECRET_KEY_PREFIX, secretKey).toUpperCase()
    const lines = [`# created: ${created}`, `# public key: ${recipient}`, key, '']
    return { file: new TextEncoder().encode(lines.join('\n')), recipient }
  } finally {
    secretKey.fill(0)
  }
}
