import type { Attr, EntryOut } from '../fuse/wire/kernel.ts'
import { isPending, isPresent, type TableHead } from './table.ts'
import type { Node } from './tree.ts'

/**
 * How long the kernel may keep names and attributes, in seconds: they are the same for all callers, and every change of a table drops
 * what it changed by a notification.
 */
export const CACHE_SECONDS = 3600

const S_IFDIR = 0o040000
const S_IFREG = 0o100000
const S_IFLNK = 0o120000
/** `.units`: entered by everyone, listed by root. A view is listed by its unit, which the server checks itself. */
const UNITS_MODE = 0o711
const VIEW_MODE = 0o755
const BLOCK_BYTES = 4096
const SECTOR_BYTES = 512

interface Varying {
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly nlink: number
  readonly changedAt: number
}

/** What stat(2) shows of a node. */
export function attributesOf(node: Node, table: TableHead): Attr {
  const { mode, uid, gid, size, nlink, changedAt } = varying(node, table)
  return {
    ino: node.id,
    size,
    blocks: Math.ceil(size / SECTOR_BYTES),
    atime: changedAt,
    mtime: changedAt,
    ctime: changedAt,
    atimensec: 0,
    mtimensec: 0,
    ctimensec: 0,
    mode,
    nlink,
    uid,
    gid,
    rdev: 0,
    blksize: BLOCK_BYTES,
    flags: 0,
  }
}

function varying(node: Node, table: TableHead): Varying {
  switch (node.kind) {
    case 'directory':
      return rootOwned(S_IFDIR | node.mode, 2 + node.listed.folders, table.changedAt)
    case 'secret': {
      const { access, value } = node
      const { uid, gid, mode } = access
      const present = isPresent(value)
      const changedAt = present ? value.changedAt : table.changedAt
      return { mode: S_IFREG | mode, uid, gid, size: present ? value.size : 0, nlink: 1, changedAt }
    }
    case 'self':
      return rootOwned(S_IFLNK | 0o777, 1, table.changedAt)
    case 'units':
      return rootOwned(S_IFDIR | UNITS_MODE, 2, table.changedAt)
    case 'view':
      return rootOwned(S_IFDIR | VIEW_MODE, 2, table.changedAt)
    case 'virtual':
      // As in /proc: the size isn't known before it is read.
      return rootOwned(S_IFREG | node.mode, 1, table.changedAt)
  }
}

function rootOwned(mode: number, nlink: number, changedAt: number): Varying {
  return { mode, uid: 0, gid: 0, size: 0, nlink, changedAt }
}

/** What isn't known yet may not be kept: the kernel asks for it when it needs it. */
export function attrSeconds(node: Node): number {
  return node.kind === 'secret' && isPending(node.value) ? 0 : CACHE_SECONDS
}

/** The answer to a lookup. Node ids are never reused for something else, so the generation is constant. */
export function entryOf(node: Node, table: TableHead): EntryOut {
  return {
    nodeid: node.id,
    generation: 0,
    entry_valid: CACHE_SECONDS,
    attr_valid: attrSeconds(node),
    entry_valid_nsec: 0,
    attr_valid_nsec: 0,
    attr: attributesOf(node, table),
  }
}
