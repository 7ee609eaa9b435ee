import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { isNodeError, reasonOf, StoreError } from '../base/errors.ts'
import { syncFolder } from '../base/whole-file.ts'
import { replace, stage, tagOfTemporary, type Staged } from './atomic.ts'
import { walk } from './walk.ts'

/**
 * Several files replaced as one. All are staged first; the journal, renamed into place, is the moment of commitment: before it,
 * a killed run left only temporary files, which the next locked operation removes; after it, that operation renames the rest.
 */
const journalName = '.rekey'

interface Journal {
  readonly version: 1
  /** Paths relative to the store where they are inside it, so that a store may be moved. */
  readonly replace: readonly Staged[]
}

/** Commit to replacing all. When this throws, none is committed and the staged files are still the caller's. */
export function commitJournal(folder: string, tag: string, all: readonly Staged[]): void {
  const file = join(folder, journalName)
  const journal: Journal = { version: 1, replace: all.map((staged) => relativeTo(folder, staged)) }
  try {
    replace(stage(file, Buffer.from(`${JSON.stringify(journal)}\n`), tag))
  } catch (error) {
    rmSync(file, { force: true })
    throw error
  }
}

/** Carry out what a journal says, if there is one. It may have been carried out in part, any number of times. */
export function finishJournal(folder: string): void {
  const all = readJournal(join(folder, journalName))
  if (all === undefined) return
  for (const { temporary, target } of all) finishOne(resolve(folder, temporary), resolve(folder, target))
  const folders = new Set(all.map(({ target }) => dirname(resolve(folder, target))))
  for (const touched of folders) syncFolder(touched)
  rmSync(join(folder, journalName))
  syncFolder(folder)
}

/** Remove the temporary files of killed runs: of any tag under the store, of this store's tag in other folders. */
export function removeTemporaries(folder: string, tag: string, others: Iterable<string>): void {
  for (const entry of walk(folder)) {
    if (tagOfTemporary(basename(entry)) !== undefined) rmSync(entry, { force: true })
  }
  for (const other of others) {
    for (const name of namesIn(other)) {
      if (tagOfTemporary(name) === tag) rmSync(join(other, name), { force: true })
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function relativeTo(folder: string, staged: Staged): Staged {
  const short = (path: string) => {
    const inside = relative(folder, path)
    return inside.startsWith('..') ? path : inside
  }
  return { temporary: short(staged.temporary), target: short(staged.target) }
}

function finishOne(temporary: string, target: string): void {
  try {
    renameSync(temporary, target)
  } catch (error) {
    if (!isNodeError(error)) throw error
    if (error.code === 'ENOENT') return
    throw new StoreError(`${target}: can't be replaced by ${temporary}: ${reasonOf(error)}`, {
      hint: 'the rekey is half done, and each file opens; clear the reason and run `hushfs rekey` to end it',
      cause: error,
    })
  }
}

function readJournal(file: string): readonly Staged[] | undefined {
  let text
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (isNodeError(error) && error.code === 'ENOENT') return undefined
    throw new StoreError(reasonOf(error), { cause: error })
  }
  const journal = parse(text)
  if (isJournal(journal)) return journal.replace
  throw new StoreError(`${file}: is not a journal that this hushfs can carry out`, {
    hint: 'move it away and run `hushfs rekey`; each sealed file opens with its old or its new recipients',
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isJournal(value: unknown): value is Journal {
  if (!isRecord(value) || value['version'] !== 1 || !Array.isArray(value['replace'])) return false
  return value['replace'].every(isStaged)
}

function isStaged(value: unknown): value is Staged {
  if (!isRecord(value)) return false
  const { temporary, target } = value
  return (
    typeof temporary === 'string' &&
    typeof target === 'string' &&
    tagOfTemporary(basename(temporary)) !== undefined &&
    dirname(temporary) === dirname(target)
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
