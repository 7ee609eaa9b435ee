import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  rmSync,
} from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { isNodeError, reasonOf, StoreError } from '../base/errors.ts'
import { nameProblem } from '../base/secret-name.ts'
import { tryLock } from '../sys/flock.ts'
import { followLinks, isShared, syncFolder } from '../base/whole-file.ts'
import { replace, stage, tagOf, writeFailed } from './atomic.ts'
import { finishJournal, removeTemporaries } from './journal.ts'
import { walk } from './walk.ts'

/**
 * The folder of sealed files: NAME lives at `<store>/NAME.sealed`. No part of a name starts with a dot, so the store's own files
 * do: `.recipients`, `.lock`, `.rekey` (journal) and temporary files.
 */
const suffix = '.sealed'
const MAX_FILE_NAME_BYTES = 255
const LOCK_RETRY_MS = 20

export interface StoredFile {
  readonly name: string
  readonly file: string
}

export interface StoreOptions {
  readonly folder: string
  /** Sealed files outside the store that are declared for it. */
  readonly elsewhere?: readonly string[]
  /** Called once when another process holds the lock. */
  readonly onWait?: () => void
}

/** A store whose lock this process holds: what changes files asks for it. */
export interface LockedStore {
  readonly folder: string
  readonly tag: string
}

/** Where the store keeps `name`. Throws `StoreError` for a name that has no place there. */
export function storeFile(folder: string, name: string): string {
  const problem = nameProblem(name)
  if (problem !== undefined) throw new StoreError(`the name ${JSON.stringify(name)} ${problem}`)
  const file = `${join(folder, name)}${suffix}`
  if (file.length - dirname(file).length - 1 > MAX_FILE_NAME_BYTES) {
    const most = MAX_FILE_NAME_BYTES - suffix.length
    throw new StoreError(
      `the last part of the name ${name} is longer than the ${most} bytes a store can hold`,
    )
  }
  return file
}

/** What is in the store, sorted by name; nothing when the folder isn't there yet. Takes no lock. */
export function listStore(folder: string): StoredFile[] {
  const found: StoredFile[] = []
  for (const file of walk(folder)) {
    if (!file.endsWith(suffix)) continue
    const name = relative(folder, file).slice(0, -suffix.length)
    if (nameProblem(name) === undefined) found.push({ name, file })
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * Run `work` while no other process changes the store, which is made when it isn't there. First ends or undoes what a killed
 * process left. Throws `StoreError`.
 */
export async function withStore<T>(
  options: StoreOptions,
  work: (store: LockedStore) => Promise<T> | T,
): Promise<T> {
  makeFolder(resolve(options.folder))
  const folder = realpathSync(options.folder)
  const lock = await takeLock(join(folder, '.lock'), options.onWait)
  try {
    const tag = tagOf(folder)
    finishJournal(folder)
    removeTemporaries(folder, tag, foldersOf(options.elsewhere ?? []))
    return await work({ folder, tag })
  } finally {
    closeSync(lock)
  }
}

/** Write a sealed file atomically, in the store or elsewhere; on any failure the old file is untouched. */
export function writeSealedFile(store: LockedStore, file: string, bytes: Uint8Array): void {
  const target = followLinks(file)
  makeFolder(dirname(target))
  replace(stage(target, bytes, store.tag))
}

/** Remove a sealed file, and the folders of the store that are empty then. Throws `StoreError` when it isn't there. */
export function removeSealedFile(store: LockedStore, file: string): void {
  try {
    rmSync(file)
    let folder = dirname(file)
    for (; isInside(store.folder, folder) && readdirSync(folder).length === 0; folder = dirname(folder)) {
      rmdirSync(folder)
    }
    syncFolder(folder)
  } catch (error) {
    if (!isNodeError(error)) throw error
    throw new StoreError(`${file}: can't be removed: ${reasonOf(error)}`, { cause: error })
  }
}

function isInside(folder: string, path: string): boolean {
  return path.startsWith(folder + sep)
}

function foldersOf(files: readonly string[]): Set<string> {
  return new Set(files.map((file) => dirname(followLinks(file))))
}

/** 0700, and 0750 in a folder that hands its group on; a new folder's name is on the disk when this returns. */
function makeFolder(folder: string): void {
  try {
    const first = mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (first === undefined) return
    if (isShared(dirname(first)))
      for (let at = folder; at.length >= first.length; at = dirname(at)) chmodSync(at, 0o2750)
    for (let at = folder; at.length >= first.length; at = dirname(at)) syncFolder(dirname(at))
  } catch (error) {
    throw writeFailed(folder, error)
  }
}

async function takeLock(file: string, onWait: (() => void) | undefined): Promise<number> {
  let fd
  try {
    fd = openSync(file, 'a', 0o600)
  } catch (error) {
    throw writeFailed(file, error)
  }
  try {
    for (let waiting = false; !tryLock(fd); waiting = true) {
      if (!waiting) onWait?.()
      await setTimeout(LOCK_RETRY_MS)
    }
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}
