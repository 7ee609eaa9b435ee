import { bech32 } from '@scure/base'
import type { Recipient } from '../../src/identity/recipient.ts'

/** The `age1...` form of a recipient, as ssh-to-age prints it. */
export function ageRecipientOf(recipient: Recipient): string {
  return bech32.encodeFromBytes('age', recipient.publicKey)
}
