import { SourceError } from '../base/errors.ts'
import { MAX_SECRET_BYTES, type Source } from './source.ts'

/** Plaintext in the configuration itself, for tests and migration. */
export const textSource: Source<{ readonly value: string }> = {
  open({ value }, secretName) {
    const bytes = new TextEncoder().encode(value)
    if (bytes.length <= MAX_SECRET_BYTES) return Promise.resolve(bytes)
    bytes.fill(0)
    return Promise.reject(new SourceError(`the text of ${secretName} is longer than 1 MiB`))
  },
}
