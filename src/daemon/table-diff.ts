import { isDeepStrictEqual } from 'node:util'
import { invalidateEntry, invalidateInode, notifyDelete } from '../fuse/wire/encode.ts'
import {
  isPending,
  NO_VERSION,
  versionOf,
  type EntryValue,
  type SecretEntry,
  type SecretTable,
} from '../vfs/table.ts'
import { nodeId } from '../vfs/node-id.ts'

const ALL_PAGES = 0n
const ATTRIBUTES_ONLY = -1n

/** Names whose value, or whose being there, differs between two tables. */
export interface TableDiff {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  /** The value is the same; owner, group, mode or rule differ. */
  readonly attributes: readonly string[]
}

export function diffTables(before: SecretTable, after: SecretTable): TableDiff {
  const old = new Map(before.secrets.map((entry) => [entry.name, entry]))
  const names = new Set(after.secrets.map(({ name }) => name))
  const both = after.secrets.flatMap((entry) => pair(old.get(entry.name), entry))
  return {
    added: after.secrets.filter(({ name }) => !old.has(name)).map(({ name }) => name),
    removed: before.secrets.filter(({ name }) => !names.has(name)).map(({ name }) => name),
    changed: both
      .filter(([a, b]) => versionOf(a.value) !== versionOf(b.value) && !isNew(a.value))
      .map(([a]) => a.name),
    attributes: both
      .filter(([a, b]) => versionOf(a.value) === versionOf(b.value) && !sameAttributes(a, b))
      .map(([a]) => a.name),
  }
}

/** Nobody was answered yet, so the kernel has nothing of it. */
function isNew(value: EntryValue): boolean {
  return isPending(value) && value.version === undefined
}

/** Names whose value was replaced by another value. */
export function replacedValues(before: SecretTable, after: SecretTable): string[] {
  const versions = new Map(before.secrets.map(({ name, value }) => [name, versionOf(value)]))
  return after.secrets.flatMap(({ name, value }) => {
    const [old, next] = [versions.get(name) ?? NO_VERSION, versionOf(value)]
    return old !== NO_VERSION && next !== NO_VERSION && old !== next ? [name] : []
  })
}

function pair(before: SecretEntry | undefined, after: SecretEntry): [SecretEntry, SecretEntry][] {
  return before === undefined ? [] : [[before, after]]
}

function sameAttributes(a: SecretEntry, b: SecretEntry): boolean {
  return a.uid === b.uid && a.gid === b.gid && a.mode === b.mode && isDeepStrictEqual(a.rule, b.rule)
}

/**
 * What the kernel must be told after a table was replaced. A changed value drops its name as an atomic rename would (watchers get
 * DELETE_SELF) and its pages and attributes; the node stays, so a bind mount of the file follows.
 */
export function notificationsFor(before: SecretTable, after: SecretTable): Uint8Array[] {
  const { added, changed, removed, attributes } = diffTables(before, after)
  const dropped = [...changed, ...removed].flatMap((name) => {
    const id = nodeId('secret', name)
    return [
      notifyDelete(nodeId('directory', parentOf(name)), id, baseOf(name)),
      invalidateInode(id, ALL_PAGES),
    ]
  })
  // Pages too: the kernel may have them for a caller whom the old rule let in.
  const restated = attributes.map((name) => invalidateInode(nodeId('secret', name), ALL_PAGES))
  const moved = [...added, ...removed]
  const sameMode = before.directoryMode === after.directoryMode
  const folders = foldersOf(sameMode ? moved : ['', ...moved, ...after.secrets.map(({ name }) => name)])
  return [...dropped, ...restated, ...folders, ...vanishedFolders(before, after)]
}

/** The folders that these paths lie in: their attributes (mode, link count, time). */
function foldersOf(names: readonly string[]): Uint8Array[] {
  const folders = new Set(names.flatMap(ancestors))
  return [...folders].map((path) => invalidateInode(nodeId('directory', path), ATTRIBUTES_ONLY))
}

/**
 * Folders that no secret is in any more: their names, the innermost first. FUSE_NOTIFY_DELETE would mark the inode dead for good
 * (fs/fuse/dir.c, fuse_reverse_inval_entry: S_DEAD), and a folder that comes back has the same inode while something in it is open.
 */
function vanishedFolders(before: SecretTable, after: SecretTable): Uint8Array[] {
  const left = new Set(after.secrets.flatMap(({ name }) => ancestors(name)))
  const gone = new Set(
    before.secrets.flatMap(({ name }) => ancestors(name)).filter((path) => !left.has(path)),
  )
  gone.delete('')
  return [...gone]
    .sort((a, b) => b.length - a.length)
    .map((path) => invalidateEntry(nodeId('directory', parentOf(path)), baseOf(path)))
}

/** The folders that a path lies in, from its own to the root (''). */
function ancestors(path: string): string[] {
  const parent = parentOf(path)
  return parent === '' ? [''] : [parent, ...ancestors(parent)]
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
