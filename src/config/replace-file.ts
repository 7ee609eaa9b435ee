import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigError, isNodeError, reasonOf } from '../base/errors.ts'

/** Replace the text of a file atomically: its mode and owner stay, and a symbolic link goes on pointing at it. Throws `ConfigError`. */
export function replaceFile(file: string, text: string): void {
  let temporary: string | undefined
  try {
    const target = realpathSync(file)
    temporary = join(dirname(target), `.hushfs-${randomBytes(8).toString('hex')}.tmp`)
    writeLike(temporary, target, text)
    renameSync(temporary, target)
    syncFolder(dirname(target))
  } catch (cause) {
    if (temporary !== undefined) rmSync(temporary, { force: true })
    if (!isNodeError(cause)) throw cause
    throw new ConfigError({ file }, `can't be changed: ${reasonOf(cause)}`, { cause })
  }
}

function writeLike(temporary: string, target: string, text: string): void {
  const { uid, gid, mode } = statSync(target)
  const fd = openSync(temporary, 'wx', 0o600)
  try {
    writeFileSync(fd, text)
    const own = uid === process.geteuid?.() && gid === process.getegid?.()
    if (!own) fchownSync(fd, uid, gid)
    fchmodSync(fd, mode & 0o777)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
