import { SourceError } from '../../../src/base/errors.ts'
import { decryptAge } from '../../../src/sources/age-decrypt.ts'
import { MAX_SECRET_BYTES } from '../../../src/sources/source.ts'
import { fixtureIdentities } from '../identities.ts'
import type { Target } from '../target.ts'

const context = { identities: fixtureIdentities(), identityProblems: [] }

export const target: Target = {
  run: async (input) => decryptAge(input, context, MAX_SECRET_BYTES),
  expects: (error) => error instanceof SourceError,
}
