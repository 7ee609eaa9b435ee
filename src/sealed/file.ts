import { readBoundedFile } from '../base/bounded-file.ts'
import { isNodeError, SealedError } from '../base/errors.ts'
import type { Identity } from '../identity/identity.ts'
import { MAX_SEALED_FILE_BYTES, parseSealed, type SealedFile } from './format.ts'
import { openSealed } from './seal.ts'

/** The keys at hand, as in `OpenContext` of sources/source.ts. */
export interface Keys {
  readonly identities: readonly Identity[]
  readonly identityProblems: readonly string[]
}

/** The plaintext of the sealed file at `path`, which the caller wipes. Throws `SealedError` whose message names the file. */
export async function openSealedFile(path: string, name: string, keys: Keys): Promise<Uint8Array> {
  const bytes = readSealedFile(path)
  try {
    return await openSealed(bytes, name, keys.identities, keys.identityProblems)
  } catch (error) {
    throw named(path, error)
  }
}

/** What the file says of itself, unauthenticated. Throws `SealedError` whose message names the file. */
export function parseSealedFile(path: string): SealedFile {
  const bytes = readSealedFile(path)
  try {
    return parseSealed(bytes)
  } catch (error) {
    throw named(path, error)
  }
}

function readSealedFile(path: string): Uint8Array {
  return readBoundedFile(path, MAX_SEALED_FILE_BYTES, (message, cause) => {
    const missing = isNodeError(cause) && cause.code === 'ENOENT'
    return new SealedError(message, missing ? { hint: 'create it with `hushfs set`', cause } : { cause })
  })
}

function named(path: string, error: unknown): unknown {
  if (!(error instanceof SealedError)) return error
  const hint = error.hint === undefined ? {} : { hint: error.hint }
  return new SealedError(`${path}: ${error.message}`, { ...hint, cause: error })
}
