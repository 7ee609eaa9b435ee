import { ConfigError } from '../../../src/base/errors.ts'
import { configOf } from '../../../src/config/load.ts'
import type { Target } from '../target.ts'

export const target: Target = {
  run: (input) => configOf('/nowhere/hushfs.yaml', input.toString('utf8')),
  expects: (error) => error instanceof ConfigError,
}
