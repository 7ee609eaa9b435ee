import { IdentityError } from '../../../src/base/errors.ts'
import { parseIdentityFile } from '../../../src/identity/load.ts'
import type { Target } from '../target.ts'

export const target: Target = {
  run: (input) => parseIdentityFile(input, 'FILE'),
  expects: (error) => error instanceof IdentityError,
}
