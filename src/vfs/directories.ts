import { DirWriter, DT_DIR, DT_REG, OUT_HEADER_BYTES } from '../fuse/wire/encode.ts'
import type { Frame } from '../fuse/frame.ts'
import type { EntryOut } from '../fuse/wire/kernel.ts'
import { entryOf } from './attributes.ts'
import type { TableHead } from './table.ts'
import type { Node } from './tree.ts'

/**
 * READDIR and READDIRPLUS. An entry's offset is its node id, and entries come in the order of node ids, so a listing that goes on after a reload, or
 * with another server, misses nothing that was there all the time. `.` and `..` have the first two offsets.
 */
export function listDirectory(
  directory: Listing,
  table: TableHead,
  after: number,
  size: number,
  frame: Frame,
  plus: boolean,
): number {
  const writer = new DirWriter(frame.bytes, OUT_HEADER_BYTES, Math.min(size, frame.capacity))
  for (const { offset, name, node } of entriesAfter(directory, after)) {
    const entry = { ino: node.id, off: offset, type: isFolder(node) ? DT_DIR : DT_REG, name }
    const known = name === '.' || name === '..' ? noLookup : entryOf(node, table)
    if (!(plus ? writer.addPlus(entry, known) : writer.add(entry))) break
  }
  return writer.length
}

/** What can be listed: itself, what it lies in, and its entries in the order of node ids. */
export interface Listing {
  readonly self: Node
  readonly parent: Node
  readonly listed: readonly Node[]
}

export function isFolder(node: Node): boolean {
  return node.kind === 'directory' || node.kind === 'units' || node.kind === 'view'
}

const DOT = 1
const DOT_DOT = 2

function* entriesAfter(
  directory: Listing,
  after: number,
): Generator<{ offset: number; name: string; node: Node }> {
  if (after < DOT) yield { offset: DOT, name: '.', node: directory.self }
  if (after < DOT_DOT) yield { offset: DOT_DOT, name: '..', node: directory.parent }
  const { listed } = directory
  for (let index = firstAfter(listed, after); index < listed.length; index++) {
    const node = listed[index]
    if (node !== undefined) yield { offset: node.id, name: node.name, node }
  }
}

/** Index of the first node whose id is above `after`. */
function firstAfter(listed: readonly Node[], after: number): number {
  let low = 0
  let high = listed.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((listed[middle]?.id ?? 0) > after) high = middle
    else low = middle + 1
  }
  return low
}

/** Node id 0 tells the kernel that this entry is no lookup (fs/fuse/readdir.c, fuse_direntplus_link). */
const noLookup: EntryOut = {
  nodeid: 0,
  generation: 0,
  entry_valid: 0,
  attr_valid: 0,
  entry_valid_nsec: 0,
  attr_valid_nsec: 0,
  attr: {
    ino: 0,
    size: 0,
    blocks: 0,
    atime: 0,
    mtime: 0,
    ctime: 0,
    atimensec: 0,
    mtimensec: 0,
    ctimensec: 0,
    mode: 0,
    nlink: 0,
    uid: 0,
    gid: 0,
    rdev: 0,
    blksize: 0,
    flags: 0,
  },
}
