import { SourceError } from '../../../src/base/errors.ts'
import { parseTemplate } from '../../../src/config/template-parse.ts'
import { templateSource } from '../../../src/sources/template.ts'
import type { Target } from '../target.ts'

const secrets = new Map(['db/password', 'token', 'a'].map((name) => [name, undefined]))

/** The text of a template, up to its first NUL, and behind that the value of each secret in it. */
export const target: Target = {
  run: async (input) => {
    const end = input.indexOf(0) < 0 ? input.length : input.indexOf(0)
    const { parts } = parseTemplate(input.toString('latin1', 0, end), secrets)
    const value = input.subarray(end)
    const context = {
      identities: [],
      identityProblems: [],
      input: async () => Promise.resolve(Uint8Array.from(value)),
    }
    await templateSource.open({ kind: 'template', parts }, 'app.env', context)
  },
  expects: (error) => error instanceof SourceError,
}
