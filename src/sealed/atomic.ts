import { createHash, randomBytes } from 'node:crypto'
import { realpathSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isNodeError, reasonOf, StoreError } from '../base/errors.ts'
import { putInPlace, writeWhole } from '../base/whole-file.ts'

/** A new file, whole and on the disk, beside the one that it will replace. */
export interface Staged {
  readonly temporary: string
  readonly target: string
}

const temporaryName = /^\.hushfs-([0-9a-f]{12})-[0-9a-f]{16}\.tmp$/

/** Tells the temporary files of one store from those of another whose sealed files share a folder. */
export function tagOf(folder: string): string {
  return createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 12)
}

/** The tag in the name of a temporary file; undefined for any other name. */
export function tagOfTemporary(name: string): string | undefined {
  return temporaryName.exec(name)?.[1]
}

/**
 * Write `bytes` beside `target` and wait until they are on the disk. Mode 0600, or the mode and owner of the file that is
 * there. Throws `StoreError` and leaves nothing behind.
 */
export function stage(target: string, bytes: Uint8Array, tag: string): Staged {
  const temporary = join(dirname(target), `.hushfs-${tag}-${randomBytes(8).toString('hex')}.tmp`)
  try {
    writeWhole(temporary, bytes, target)
    return { temporary, target }
  } catch (error) {
    rmSync(temporary, { force: true })
    throw writeFailed(target, error)
  }
}

/** Put a staged file in place of its target; after a crash either is there, whole. */
export function replace(staged: Staged): void {
  try {
    putInPlace(staged.temporary, staged.target)
  } catch (error) {
    rmSync(staged.temporary, { force: true })
    throw writeFailed(staged.target, error)
  }
}

export function writeFailed(file: string, error: unknown): unknown {
  if (!isNodeError(error)) return error
  const { code } = error
  const reason = code === 'ENOSPC' || code === 'EDQUOT' ? 'no space left' : reasonOf(error)
  return new StoreError(`${file}: can't be written: ${reason}`, { cause: error })
}
