import { randomBytes } from 'node:crypto'
import { realpathSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigError, isNodeError, reasonOf } from '../base/errors.ts'
import { putInPlace, writeWhole } from '../base/whole-file.ts'

/** Replace the text of a file atomically: its mode and owner stay, and a symbolic link goes on pointing at it. Throws `ConfigError`. */
export function replaceFile(file: string, text: string): void {
  let temporary: string | undefined
  try {
    const target = realpathSync(file)
    temporary = join(dirname(target), `.hushfs-${randomBytes(8).toString('hex')}.tmp`)
    writeWhole(temporary, Buffer.from(text), target)
    putInPlace(temporary, target)
  } catch (cause) {
    if (temporary !== undefined) rmSync(temporary, { force: true })
    if (!isNodeError(cause)) throw cause
    throw new ConfigError({ file }, `can't be changed: ${reasonOf(cause)}`, { cause })
  }
}
