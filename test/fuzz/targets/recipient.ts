import { IdentityError } from '../../../src/base/errors.ts'
import { loadSodium } from '../../../src/crypto/sodium.ts'
import { parseRecipient } from '../../../src/identity/recipient.ts'
import type { Target } from '../target.ts'

await loadSodium()

export const target: Target = {
  run: (input) => parseRecipient(input.toString('utf8')),
  expects: (error) => error instanceof IdentityError,
}
