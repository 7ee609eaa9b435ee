import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { isNodeError } from './errors.ts'

/** The file itself where `file` is a symbolic link: a rename would replace the link. */
export function followLinks(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}

/**
 * Make the file `temporary` and wait until `bytes` are on the disk. Mode and owner of `like` where that exists; else 0600, and 0640 in a folder that hands its
 * group on. Throws the error of Node; the caller removes what was made.
 */
export function writeWhole(temporary: string, bytes: Uint8Array, like: string): void {
  const attributes = statSync(like, { throwIfNoEntry: false })
  const fd = openSync(temporary, 'wx', 0o600)
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
    if (attributes !== undefined) copyAttributes(fd, attributes)
    else if (isShared(dirname(temporary))) fchmodSync(fd, 0o640)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Put a file that `writeWhole` made in place of its target; after a crash either is there, whole. Throws the error of Node. */
export function putInPlace(temporary: string, target: string): void {
  renameSync(temporary, target)
  syncFolder(dirname(target))
}

/** Wait until the names in a folder are on the disk (fsync(2): a file's own fsync doesn't do that). */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** A setgid folder whose group may read: its files belong to that group, which is there to read them. */
export function isShared(folder: string): boolean {
  return (statSync(folder).mode & 0o2040) === 0o2040
}

function copyAttributes(
  fd: number,
  like: { readonly mode: number; readonly uid: number; readonly gid: number },
) {
  try {
    fchownSync(fd, like.uid, like.gid)
  } catch (error) {
    // chown(2): only root gives files away; the new file is then the writer's.
    if (!isNodeError(error) || error.code !== 'EPERM') throw error
  }
  fchmodSync(fd, like.mode & 0o777)
}
