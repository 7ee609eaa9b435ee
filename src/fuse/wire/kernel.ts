import { i32, i64, id64, reserved, struct, u16, u32, u64, type Of } from './layout.ts'
import * as unrolled from './unrolled.ts'

/**
 * The structs of the FUSE protocol under the kernel's own names (include/uapi/linux/fuse.h, protocol 7.41), and the
 * constants that go with them. A name that ends in `_in` comes from the kernel, `_out` goes to it.
 */
export const FUSE_KERNEL_VERSION = 7
export const FUSE_KERNEL_MINOR_VERSION = 41
export const FUSE_ROOT_ID = 1

export const fuse_in_header = struct(
  'fuse_in_header',
  {
    len: u32,
    opcode: u32,
    unique: u64,
    nodeid: id64,
    uid: u32,
    gid: u32,
    pid: u32,
    total_extlen: u16,
    padding: u16,
  },
  unrolled.inHeader,
)
export type InHeader = Of<typeof fuse_in_header>

export const fuse_out_header = struct(
  'fuse_out_header',
  { len: u32, error: i32, unique: u64 },
  unrolled.outHeader,
)

/** Kernels before protocol 7.36 send the first 16 bytes only. */
export const fuse_init_in = struct('fuse_init_in', {
  major: u32,
  minor: u32,
  max_readahead: u32,
  flags: u32,
})
export const fuse_init_in_ext = struct('fuse_init_in_ext', { flags2: u32 })

export const fuse_init_out = struct('fuse_init_out', {
  major: u32,
  minor: u32,
  max_readahead: u32,
  flags: u32,
  max_background: u16,
  congestion_threshold: u16,
  max_write: u32,
  time_gran: u32,
  max_pages: u16,
  map_alignment: u16,
  flags2: u32,
  max_stack_depth: u32,
  request_timeout: u16,
  unused: reserved(22),
})
export type InitOut = Omit<Of<typeof fuse_init_out>, 'unused'>

/** Bits of INIT: 0 to 31 in `flags`, 32 to 63 in `flags2`. */
export const initFlag = {
  ASYNC_READ: 0,
  POSIX_LOCKS: 1,
  FILE_OPS: 2,
  ATOMIC_O_TRUNC: 3,
  EXPORT_SUPPORT: 4,
  BIG_WRITES: 5,
  DONT_MASK: 6,
  SPLICE_WRITE: 7,
  SPLICE_MOVE: 8,
  SPLICE_READ: 9,
  FLOCK_LOCKS: 10,
  HAS_IOCTL_DIR: 11,
  AUTO_INVAL_DATA: 12,
  DO_READDIRPLUS: 13,
  READDIRPLUS_AUTO: 14,
  ASYNC_DIO: 15,
  WRITEBACK_CACHE: 16,
  NO_OPEN_SUPPORT: 17,
  PARALLEL_DIROPS: 18,
  HANDLE_KILLPRIV: 19,
  POSIX_ACL: 20,
  ABORT_ERROR: 21,
  MAX_PAGES: 22,
  CACHE_SYMLINKS: 23,
  NO_OPENDIR_SUPPORT: 24,
  EXPLICIT_INVAL_DATA: 25,
  MAP_ALIGNMENT: 26,
  SUBMOUNTS: 27,
  HANDLE_KILLPRIV_V2: 28,
  SETXATTR_EXT: 29,
  INIT_EXT: 30,
  INIT_RESERVED: 31,
  SECURITY_CTX: 32,
  HAS_INODE_DAX: 33,
  CREATE_SUPP_GROUP: 34,
  HAS_EXPIRE_ONLY: 35,
  DIRECT_IO_ALLOW_MMAP: 36,
  PASSTHROUGH: 37,
  NO_EXPORT_SUPPORT: 38,
  HAS_RESEND: 39,
  ALLOW_IDMAP: 40,
  OVER_IO_URING: 41,
  REQUEST_TIMEOUT: 42,
} as const
export type InitFlag = keyof typeof initFlag

export const fuse_attr = struct('fuse_attr', {
  ino: id64,
  size: id64,
  blocks: id64,
  atime: id64,
  mtime: id64,
  ctime: id64,
  atimensec: u32,
  mtimensec: u32,
  ctimensec: u32,
  mode: u32,
  nlink: u32,
  uid: u32,
  gid: u32,
  rdev: u32,
  blksize: u32,
  flags: u32,
})
export type Attr = Of<typeof fuse_attr>

export const fuse_entry_out = struct('fuse_entry_out', {
  nodeid: id64,
  generation: id64,
  entry_valid: id64,
  attr_valid: id64,
  entry_valid_nsec: u32,
  attr_valid_nsec: u32,
  attr: fuse_attr,
})
export type EntryOut = Of<typeof fuse_entry_out>

export const fuse_getattr_in = struct('fuse_getattr_in', { getattr_flags: u32, dummy: u32, fh: id64 })
export const fuse_attr_out = struct('fuse_attr_out', {
  attr_valid: id64,
  attr_valid_nsec: u32,
  dummy: u32,
  attr: fuse_attr,
})

export const fuse_open_in = struct('fuse_open_in', { flags: u32, open_flags: u32 }, unrolled.openIn)
export const fuse_open_out = struct(
  'fuse_open_out',
  { fh: id64, open_flags: u32, backing_id: i32 },
  unrolled.openOut,
)
export const FOPEN_DIRECT_IO = 1 << 0
export const FOPEN_NOFLUSH = 1 << 5

export const fuse_read_in = struct(
  'fuse_read_in',
  {
    fh: id64,
    offset: id64,
    size: u32,
    read_flags: u32,
    lock_owner: u64,
    flags: u32,
    padding: u32,
  },
  unrolled.readIn,
)
/** Set by read(2) on a direct-I/O file, clear when the kernel fills its page cache (fs/fuse/file.c, fuse_send_read). */
export const FUSE_READ_LOCKOWNER = 1 << 1

export const fuse_release_in = struct(
  'fuse_release_in',
  {
    fh: id64,
    flags: u32,
    release_flags: u32,
    lock_owner: u64,
  },
  unrolled.releaseIn,
)
export const fuse_forget_in = struct('fuse_forget_in', { nlookup: u64 })
/** Followed by `count` pairs of node id and lookup count. */
export const fuse_batch_forget_in = struct('fuse_batch_forget_in', { count: u32, dummy: u32 })
export const fuse_interrupt_in = struct('fuse_interrupt_in', { unique: u64 })

export const fuse_statfs_out = struct('fuse_statfs_out', {
  blocks: id64,
  bfree: id64,
  bavail: id64,
  files: id64,
  ffree: id64,
  bsize: u32,
  namelen: u32,
  frsize: u32,
  padding: u32,
  spare: reserved(24),
})

/** Followed by the name, padded with zeros to a multiple of 8. */
export const fuse_dirent = struct('fuse_dirent', { ino: id64, off: id64, namelen: u32, type: u32 })

/** Codes of notifications: `error` of an out header whose `unique` is 0. */
export const notifyCode = { INVAL_INODE: 2, INVAL_ENTRY: 3, DELETE: 6, RESEND: 7 } as const

export const fuse_notify_inval_inode_out = struct('fuse_notify_inval_inode_out', {
  ino: id64,
  off: i64,
  len: i64,
})
/** Followed by the name and a NUL. */
export const fuse_notify_inval_entry_out = struct('fuse_notify_inval_entry_out', {
  parent: id64,
  namelen: u32,
  flags: u32,
})
/** Followed by the name and a NUL. */
export const fuse_notify_delete_out = struct('fuse_notify_delete_out', {
  parent: id64,
  child: id64,
  namelen: u32,
  padding: u32,
})
