import { readBoundedFile } from '../base/bounded-file.ts'
import { SourceError } from '../base/errors.ts'
import type { SopsFormat } from '../config/config.ts'
import { decryptSops, valueOf, type SopsDocument } from './sops/document.ts'
import { formatOf } from './sops/formats.ts'
import { MAX_SECRET_BYTES, type OpenContext, type Source } from './source.ts'

/** Many secrets of the largest size in one file. */
export const MAX_FILE_BYTES = 16 * MAX_SECRET_BYTES

interface Spec {
  /** An absolute path. */
  readonly file: string
  /** Keys and positions joined by `/`; the whole document without it. */
  readonly key: string | undefined
  /** By the end of the file's name without it. */
  readonly format: SopsFormat | undefined
}

/** Decrypted files by format and path. They live as long as the context: the unseal child ends after one load, and its memory with it. */
const opened = new WeakMap<OpenContext, Map<string, Promise<SopsDocument>>>()

/** A value of a file that sops encrypted for age recipients. Its MAC is verified before anything is given; it is decrypted once for a load. */
export const sopsSource: Source<Spec> = {
  async open({ file, key, format = formatOf(file) }, _secretName, context) {
    try {
      const value = valueOf(await document(file, format, context), key)
      if (value.length <= MAX_SECRET_BYTES) return value
      value.fill(0)
      throw new SourceError('the value is larger than a secret can be (1 MiB)')
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      const hint = error.hint === undefined ? {} : { hint: error.hint }
      throw new SourceError(`${file}: ${error.message}`, { ...hint, cause: error })
    }
  },
}

function document(file: string, format: SopsFormat, context: OpenContext): Promise<SopsDocument> {
  const files = opened.get(context) ?? new Map<string, Promise<SopsDocument>>()
  opened.set(context, files)
  const name = `${format}\0${file}`
  const known = files.get(name)
  if (known !== undefined) return known
  const made = open(file, format, context)
  files.set(name, made)
  return made
}

async function open(file: string, format: SopsFormat, context: OpenContext): Promise<SopsDocument> {
  const fail = (message: string, cause?: unknown) =>
    new SourceError(message.replace(`${file}: `, ''), { cause })
  return await decryptSops(readBoundedFile(file, MAX_FILE_BYTES, fail), format, context)
}
