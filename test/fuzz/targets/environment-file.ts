import { SourceError } from '../../../src/base/errors.ts'
import { parseEnvironment } from '../../../src/cli/environment-file.ts'
import type { Target } from '../target.ts'

export const target: Target = {
  run: (input) => parseEnvironment(input, 'FILE'),
  expects: (error) => error instanceof SourceError,
}
