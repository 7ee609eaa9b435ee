import { errno } from '../../src/base/errno.ts'
import type { Frame } from '../../src/fuse/frame.ts'
import { refuse, type Handler } from '../../src/fuse/handler.ts'
import type { Request } from '../../src/fuse/wire/decode.ts'
import { DirWriter, OUT_HEADER_BYTES } from '../../src/fuse/wire/encode.ts'
import { FOPEN_DIRECT_IO, FOPEN_NOFLUSH, type Attr, type EntryOut } from '../../src/fuse/wire/kernel.ts'

/** A tree of fixed node ids to record requests about. */
export const ids = { db: 1000, password: 1001, a: 2001, b: 2002, c: 2003, interrupt: 2004, link: 2005 }

const folders = new Map<number, readonly (keyof typeof ids)[]>([
  [1, ['db', 'a', 'b', 'c', 'interrupt', 'link']],
  [ids.db, ['password']],
])
const CONTENT = Buffer.from('what the recorder serves\n')
const SECONDS = 3600
const S_IFDIR = 0o040755
const S_IFREG = 0o100644
const S_IFLNK = 0o120777

function attributes(ino: number): Attr {
  const mode = folders.has(ino) ? S_IFDIR : ino === ids.link ? S_IFLNK : S_IFREG
  const times = { atime: 0, mtime: 0, ctime: 0, atimensec: 0, mtimensec: 0, ctimensec: 0 }
  const size = CONTENT.length
  return { ino, size, blocks: 1, ...times, mode, nlink: 1, uid: 0, gid: 0, rdev: 0, blksize: 4096, flags: 0 }
}

function entry(nodeid: number): EntryOut {
  const valid = { entry_valid: SECONDS, attr_valid: SECONDS, entry_valid_nsec: 0, attr_valid_nsec: 0 }
  return { nodeid, generation: 0, ...valid, attr: attributes(nodeid) }
}

function list({ header, body }: Request<'readdir' | 'readdirplus'>, frame: Frame, plus: boolean): number {
  const writer = new DirWriter(frame.bytes, OUT_HEADER_BYTES, body.size)
  for (const name of folders.get(header.nodeid) ?? []) {
    const ino = ids[name]
    const off = ino
    if (off <= body.offset) continue
    if (
      !(plus
        ? writer.addPlus({ ino, off, type: 0, name }, entry(ino))
        : writer.add({ ino, off, type: 0, name }))
    )
      break
  }
  return writer.length
}

function put(bytes: Uint8Array, frame: Frame): number {
  frame.bytes.set(bytes, OUT_HEADER_BYTES)
  return bytes.length
}

export const tree: Handler = {
  lookup: ({ header, name }) => {
    const known = folders.get(header.nodeid)?.find((child) => child === name)
    return known === undefined ? refuse(errno.ENOENT) : entry(ids[known])
  },
  getattr: ({ header }) => {
    return { attr_valid: SECONDS, attr_valid_nsec: 0, dummy: 0, attr: attributes(header.nodeid) }
  },
  readlink: (_, frame) => put(Buffer.from('db'), frame),
  open: () => ({ fh: 0x1122334455667, open_flags: FOPEN_DIRECT_IO | FOPEN_NOFLUSH, backing_id: 0 }),
  read: ({ body }, frame) => put(CONTENT.subarray(body.offset, body.offset + body.size), frame),
  release: () => undefined,
  opendir: () => ({ fh: 0, open_flags: 0, backing_id: 0 }),
  readdir: (request, frame) => list(request, frame, false),
  readdirplus: (request, frame) => list(request, frame, true),
  releasedir: () => undefined,
  statfs: () => {
    const none = { blocks: 0, bfree: 0, bavail: 0, files: 0, ffree: 0, padding: 0, spare: undefined }
    return { ...none, bsize: 4096, namelen: 255, frsize: 4096 }
  },
}
