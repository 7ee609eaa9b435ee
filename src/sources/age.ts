import { readBoundedFile } from '../base/bounded-file.ts'
import { SourceError } from '../base/errors.ts'
import { decryptAge } from './age-decrypt.ts'
import { MAX_SECRET_BYTES, type Source } from './source.ts'

/** An armored file of the largest secret, with room for a header of a few thousand recipients. */
const MAX_FILE_BYTES = 2 * MAX_SECRET_BYTES

/** An age file, binary or armored, for X25519, ssh-ed25519 or ssh-rsa recipients; `file` is an absolute path. */
export const ageSource: Source<{ readonly file: string }> = {
  async open({ file }, _secretName, context) {
    const bytes = readBoundedFile(
      file,
      MAX_FILE_BYTES,
      (message, cause) => new SourceError(message, { cause }),
    )
    try {
      return await decryptAge(bytes, context, MAX_SECRET_BYTES)
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      const hint = error.hint === undefined ? {} : { hint: error.hint }
      throw new SourceError(`${file}: ${error.message}`, { ...hint, cause: error })
    }
  },
}
