import { readdirSync, type Dirent } from 'node:fs'
import { join } from 'node:path'
import { isNodeError, reasonOf, StoreError } from '../base/errors.ts'

/** The path of everything under `folder` that isn't a folder; nothing when it isn't there. Follows no link to a folder. */
export function* walk(folder: string): Generator<string> {
  for (const entry of readFolder(folder)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* walk(path)
    else yield path
  }
}

function readFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (!isNodeError(error)) throw error
    if (error.code === 'ENOENT') return []
    throw new StoreError(`the store can't be read: ${reasonOf(error)}`, { cause: error })
  }
}
