import t, { type Test } from 'tap'
import {
  DirWriter,
  DT_DIR,
  DT_REG,
  encodeHeader,
  invalidateEntry,
  invalidateInode,
  notifyDelete,
  OUT_HEADER_BYTES,
} from '../../src/fuse/wire/encode.ts'
import * as kernel from '../../src/fuse/wire/kernel.ts'
import type { Struct } from '../../src/fuse/wire/layout.ts'

/** What goes to the kernel, byte by byte, with the offsets of linux/fuse.h. */
function bytesOf(text: string): string {
  return text
    .replace(/#.*$/gm, '')
    .replace(/^\s*\d+:/gm, '')
    .replace(/\s/g, '')
}

function same(t: Test, actual: Uint8Array, expected: string): void {
  t.equal(Buffer.from(actual).toString('hex'), bytesOf(expected))
}

function written<T>(struct: Struct<T>, value: T): Uint8Array {
  const bytes = new Uint8Array(struct.size).fill(0xee)
  struct.write(new DataView(bytes.buffer), 0, value)
  return bytes
}

const attr = {
  ino: 0x0102030405060,
  size: 5,
  blocks: 1,
  atime: 0x6543,
  mtime: 0x6544,
  ctime: 0x6545,
  atimensec: 1,
  mtimensec: 2,
  ctimensec: 3,
  mode: 0o100440,
  nlink: 1,
  uid: 1000,
  gid: 0xfffffffe,
  rdev: 0,
  blksize: 4096,
  flags: 0,
}

const ATTR = `
   0: 6050403020100000  # ino
   8: 0500000000000000  # size
  16: 0100000000000000  # blocks
  24: 4365000000000000  # atime
  32: 4465000000000000  # mtime
  40: 4565000000000000  # ctime
  48: 01000000          # atimensec
  52: 02000000          # mtimensec
  56: 03000000          # ctimensec
  60: 20810000          # mode
  64: 01000000          # nlink
  68: e8030000          # uid
  72: feffffff          # gid
  76: 00000000          # rdev
  80: 00100000          # blksize
  84: 00000000          # flags`

const ENTRY = `
   0: 7777000000000000  # nodeid
   8: 0000000000000000  # generation
  16: 100e000000000000  # entry_valid
  24: 0a00000000000000  # attr_valid
  32: 01000000          # entry_valid_nsec
  36: 02000000          # attr_valid_nsec
  ${ATTR}`

const entry = {
  nodeid: 0x7777,
  generation: 0,
  entry_valid: 3600,
  attr_valid: 10,
  entry_valid_nsec: 1,
  attr_valid_nsec: 2,
  attr,
}

t.test('header of a reply: the errno is negative', (t) => {
  const bytes = new Uint8Array(OUT_HEADER_BYTES).fill(0xee)
  t.equal(encodeHeader(new DataView(bytes.buffer), 0x8000000000000001n, 5, 0), 16)
  same(t, bytes, '0: 10000000  # len\n 4: fbffffff  # error\n 8: 0100000000000080  # unique')
  t.equal(encodeHeader(new DataView(bytes.buffer), 2n, 0, 0x1234), 0x1244)
  same(t, bytes, '0: 44120000  # len\n 4: 00000000  # error\n 8: 0200000000000000  # unique')
  t.end()
})

t.test('fuse_entry_out and fuse_attr_out', (t) => {
  same(t, written(kernel.fuse_entry_out, entry), ENTRY)
  same(
    t,
    written(kernel.fuse_attr_out, { attr_valid: 3600, attr_valid_nsec: 7, dummy: 0, attr }),
    `0: 100e000000000000  # attr_valid
     8: 07000000          # attr_valid_nsec
    12: 00000000          # dummy
     ${ATTR}`,
  )
  t.end()
})

t.test('fuse_open_out', (t) => {
  same(
    t,
    written(kernel.fuse_open_out, { fh: 2 ** 52, open_flags: 33, backing_id: -1 }),
    `0: 0000000000001000  # fh
     8: 21000000          # open_flags: DIRECT_IO, NOFLUSH
    12: ffffffff          # backing_id`,
  )
  t.end()
})

t.test('fuse_statfs_out', (t) => {
  const none = { blocks: 0, bfree: 0, bavail: 0, ffree: 0, padding: 0, spare: undefined }
  same(
    t,
    written(kernel.fuse_statfs_out, { ...none, files: 3, bsize: 4096, namelen: 255, frsize: 512 }),
    `0: 0000000000000000 0000000000000000 0000000000000000  # blocks, bfree, bavail
    24: 0300000000000000 0000000000000000  # files, ffree
    40: 00100000 ff000000 00020000 00000000  # bsize, namelen, frsize, padding
    56: 000000000000000000000000000000000000000000000000  # spare`,
  )
  t.end()
})

t.test('fuse_init_out', (t) => {
  const answer = {
    major: 7,
    minor: 41,
    max_readahead: 0x20000,
    flags: 0x40402000,
    max_background: 64,
    congestion_threshold: 48,
    max_write: 4096,
    time_gran: 1,
    max_pages: 256,
    map_alignment: 0,
    flags2: 0x90,
    max_stack_depth: 0,
    request_timeout: 10,
    unused: undefined,
  }
  same(
    t,
    written(kernel.fuse_init_out, answer),
    `0: 07000000 29000000  # major, minor
     8: 00000200 00204040  # max_readahead, flags
    16: 4000 3000          # max_background, congestion_threshold
    20: 00100000 01000000  # max_write, time_gran
    28: 0001 0000          # max_pages, map_alignment
    32: 90000000 00000000  # flags2, max_stack_depth
    40: 0a00               # request_timeout
    42: 00000000000000000000000000000000000000000000  # unused`,
  )
  t.end()
})

t.test('directory entries are padded to 8 bytes', (t) => {
  const bytes = new Uint8Array(128).fill(0xee)
  const writer = new DirWriter(bytes, 0, 72)
  t.equal(writer.add({ ino: 5, off: 5, type: DT_DIR, name: 'd' }), true)
  t.equal(writer.add({ ino: 6, off: 6, type: DT_REG, name: 'password' }), true)
  t.equal(writer.add({ ino: 7, off: 7, type: DT_REG, name: 'x' }), false, 'it would take 32 bytes more')
  t.equal(writer.length, 64)
  same(
    t,
    bytes.subarray(0, 66),
    `0: 0500000000000000 0500000000000000  # ino, off
    16: 01000000 04000000                  # namelen, type
    24: 64 00000000000000                  # name, padding
    32: 0600000000000000 0600000000000000
    48: 08000000 08000000
    56: 70617373776f7264
    64: ee ee                              # untouched`,
  )
  t.end()
})

t.test('READDIRPLUS puts the lookup in front of each entry', (t) => {
  const bytes = new Uint8Array(160)
  const writer = new DirWriter(bytes, 0, 160)
  t.equal(writer.addPlus({ ino: 5, off: 9, type: DT_REG, name: 'a' }, entry), true)
  t.equal(writer.length, 160)
  same(
    t,
    bytes,
    `${ENTRY}
   128: 0500000000000000 0900000000000000 01000000 08000000 61 00000000000000`,
  )
  t.end()
})

t.test('notifications have unique 0 and their code in the place of the error', (t) => {
  same(
    t,
    invalidateInode(0x7777, -1n),
    `0: 28000000 02000000 0000000000000000  # len, FUSE_NOTIFY_INVAL_INODE, unique
    16: 7777000000000000 ffffffffffffffff 0000000000000000  # ino, off, len`,
  )
  same(
    t,
    invalidateEntry(1, 'ab'),
    `0: 23000000 03000000 0000000000000000  # len, FUSE_NOTIFY_INVAL_ENTRY, unique
    16: 0100000000000000 02000000 00000000  # parent, namelen, flags
    32: 616200                              # name and its NUL`,
  )
  same(
    t,
    notifyDelete(1, 0x7777, 'ab'),
    `0: 2b000000 06000000 0000000000000000  # len, FUSE_NOTIFY_DELETE, unique
    16: 0100000000000000 7777000000000000   # parent, child
    32: 02000000 00000000                   # namelen, padding
    40: 616200                              # name and its NUL`,
  )
  t.end()
})
