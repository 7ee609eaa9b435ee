import { readBoundedFile } from '../base/bounded-file.ts'
import { SourceError } from '../base/errors.ts'
import { MAX_SECRET_BYTES, type Source } from './source.ts'

/** A file that holds the plaintext, byte for byte, for tests and migration. */
export const fileSource: Source<{ readonly path: string }> = {
  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws becomes a rejection
  async open({ path }) {
    return readBoundedFile(path, MAX_SECRET_BYTES, (message, cause) => new SourceError(message, { cause }))
  },
}
