import { SealedError } from '../../../src/base/errors.ts'
import { parseSealed } from '../../../src/sealed/format.ts'
import { openSealed } from '../../../src/sealed/seal.ts'
import { fixtureIdentities } from '../identities.ts'
import type { Target } from '../target.ts'

const identities = fixtureIdentities()

export const target: Target = {
  run: async (input) => openSealed(input, parseSealed(input).name, identities),
  expects: (error) => error instanceof SealedError,
}
