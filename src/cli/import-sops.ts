import { resolve } from 'node:path'
import { readBoundedFile } from '../base/bounded-file.ts'
import { SourceError, UsageError } from '../base/errors.ts'
import { nameProblem } from '../base/secret-name.ts'
import { pathsOf } from '../sources/sops/document.ts'
import { formatOf } from '../sources/sops/formats.ts'
import { MAX_FILE_BYTES } from '../sources/sops.ts'
import type { FoundSecret, Importer, Skipped } from './importer.ts'

const OWNERS =
  'owner, mode and restartUnits of sops-nix are in the NixOS configuration (sops.secrets), not in this file: root and 0400 unless you set them'

/** Every value of a file that sops encrypted, named by its keys, which are in the clear. Nothing is decrypted and no MAC verified. */
export const findSops: Importer = async (path) => {
  const file = resolve(path)
  const bytes = readBoundedFile(file, MAX_FILE_BYTES, (message, cause) => new UsageError(message, { cause }))
  const paths = await keysIn(bytes, file)
  const format = formatOf(file)
  if (format === 'binary') {
    const notes = [
      `${file} is a binary file for sops: declare it as {sops: {file: ${file}}} under the name that it should have`,
    ]
    return {
      secrets: [],
      skipped: [{ what: 'data', reason: 'a binary file has no keys to name it by' }],
      notes,
    }
  }
  const secrets: FoundSecret[] = []
  const skipped: Skipped[] = []
  for (const keys of paths) {
    const name = keys.join('/')
    const reason = problemOf(keys)
    if (reason === undefined) secrets.push({ name, fields: { source: { sops: { file, key: name } } } })
    else skipped.push({ what: name, reason })
  }
  return { secrets, skipped, notes: [OWNERS] }
}

async function keysIn(bytes: Uint8Array, file: string): Promise<readonly (readonly string[])[]> {
  try {
    return await pathsOf(bytes, formatOf(file))
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    throw new SourceError(`${file}: ${error.message}`, { cause: error })
  }
}

function problemOf(keys: readonly string[]): string | undefined {
  if (keys.some((key) => key.includes('/'))) return 'a key with a slash in it can not be picked'
  const problem = nameProblem(keys.join('/'))
  return problem === undefined ? undefined : `the name ${problem}`
}
