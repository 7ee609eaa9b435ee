import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { isNodeError, reasonOf, SealedError } from '../base/errors.ts'
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

/** Reads a regular file of at most MAX_SEALED_FILE_BYTES; never waits at a FIFO or a device. */
function readSealedFile(path: string): Uint8Array {
  let descriptor
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = fstatSync(descriptor)
    if (!stat.isFile()) throw new SealedError(`${path}: is not a regular file`)
    if (stat.size > MAX_SEALED_FILE_BYTES) {
      throw new SealedError(`${path}: is larger than a sealed file can be (${MAX_SEALED_FILE_BYTES} bytes)`)
    }
    const bytes = Buffer.alloc(stat.size)
    let length = 0
    for (let got = -1; got !== 0 && length < bytes.length; length += got) {
      got = readSync(descriptor, bytes, length, bytes.length - length, null)
    }
    return bytes.subarray(0, length)
  } catch (error) {
    if (!isNodeError(error)) throw error
    const hint = error.code === 'ENOENT' ? { hint: 'create it with `hushfs set`' } : {}
    const reason = error.path === undefined ? `${path}: ${reasonOf(error)}` : reasonOf(error)
    throw new SealedError(reason, { ...hint, cause: error })
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function named(path: string, error: unknown): unknown {
  if (!(error instanceof SealedError)) return error
  const hint = error.hint === undefined ? {} : { hint: error.hint }
  return new SealedError(`${path}: ${error.message}`, { ...hint, cause: error })
}
