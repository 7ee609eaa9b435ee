import { IdentityError } from '../../../src/base/errors.ts'
import { parseOpenSshKey } from '../../../src/identity/openssh.ts'
import type { Target } from '../target.ts'

/** What is inside the base64 of an OpenSSH private key. */
export const target: Target = {
  run: (input) => parseOpenSshKey(input, 'FILE'),
  expects: (error) => error instanceof IdentityError,
}
