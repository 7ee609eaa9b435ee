import { openSealedFile } from '../sealed/file.ts'
import type { Source } from './source.ts'

/** hushfs' own file (native-notes/sealed-format.md); `file` is an absolute path. */
export const sealedSource: Source<{ readonly file: string }> = {
  open: (spec, secretName, context) => openSealedFile(spec.file, secretName, context),
}
