import { errno, type Errno } from '../../base/errno.ts'
import type { Field, Of, Struct } from './layout.ts'
import * as k from './kernel.ts'

/** How an operation is answered: a struct, bytes of varying length, the bare header, or not at all. */
type Out = Struct<unknown> | 'bytes' | 'empty' | 'none'

interface ServedOp {
  readonly code: number
  readonly in?: Field<unknown>
  /** A NUL-terminated name follows the struct. */
  readonly name?: true
  readonly out: Out
}

/**
 * Every operation that hushfs serves, one row each: opcode, what the kernel sends, how it is answered. `Handler` is derived
 * from this table, so an operation without a method doesn't compile.
 */
export const served = {
  lookup: { code: 1, name: true, out: k.fuse_entry_out },
  forget: { code: 2, in: k.fuse_forget_in, out: 'none' },
  getattr: { code: 3, in: k.fuse_getattr_in, out: k.fuse_attr_out },
  readlink: { code: 5, out: 'bytes' },
  open: { code: 14, in: k.fuse_open_in, out: k.fuse_open_out },
  read: { code: 15, in: k.fuse_read_in, out: 'bytes' },
  statfs: { code: 17, out: k.fuse_statfs_out },
  release: { code: 18, in: k.fuse_release_in, out: 'empty' },
  init: { code: 26, in: k.fuse_init_in, out: k.fuse_init_out },
  opendir: { code: 27, in: k.fuse_open_in, out: k.fuse_open_out },
  readdir: { code: 28, in: k.fuse_read_in, out: 'bytes' },
  releasedir: { code: 29, in: k.fuse_release_in, out: 'empty' },
  interrupt: { code: 36, in: k.fuse_interrupt_in, out: 'none' },
  destroy: { code: 38, out: 'empty' },
  batch_forget: { code: 42, in: k.fuse_batch_forget_in, out: 'none' },
  readdirplus: { code: 44, in: k.fuse_read_in, out: 'bytes' },
} as const satisfies Record<string, ServedOp>

export type Served = typeof served
export type OpName = keyof Served
export type Body<N extends OpName> = Served[N] extends { in: infer S } ? Of<S> : undefined

/**
 * Every other operation of the protocol and its errno. ENOSYS makes the kernel stop asking and do without, which is right for what a
 * read-only filesystem doesn't have; never for open or opendir, which it would then grant itself.
 */
export const refused = {
  setattr: { code: 4, errno: errno.EROFS },
  symlink: { code: 6, errno: errno.EROFS },
  mknod: { code: 8, errno: errno.EROFS },
  mkdir: { code: 9, errno: errno.EROFS },
  unlink: { code: 10, errno: errno.EROFS },
  rmdir: { code: 11, errno: errno.EROFS },
  rename: { code: 12, errno: errno.EROFS },
  link: { code: 13, errno: errno.EROFS },
  write: { code: 16, errno: errno.EROFS },
  fsync: { code: 20, errno: errno.ENOSYS },
  setxattr: { code: 21, errno: errno.EROFS },
  getxattr: { code: 22, errno: errno.ENOSYS },
  listxattr: { code: 23, errno: errno.ENOSYS },
  removexattr: { code: 24, errno: errno.EROFS },
  flush: { code: 25, errno: errno.ENOSYS },
  fsyncdir: { code: 30, errno: errno.ENOSYS },
  getlk: { code: 31, errno: errno.ENOSYS },
  setlk: { code: 32, errno: errno.ENOSYS },
  setlkw: { code: 33, errno: errno.ENOSYS },
  access: { code: 34, errno: errno.ENOSYS },
  create: { code: 35, errno: errno.EROFS },
  bmap: { code: 37, errno: errno.ENOSYS },
  ioctl: { code: 39, errno: errno.ENOTTY },
  poll: { code: 40, errno: errno.ENOSYS },
  notify_reply: { code: 41, errno: errno.ENOSYS },
  fallocate: { code: 43, errno: errno.EROFS },
  rename2: { code: 45, errno: errno.EROFS },
  lseek: { code: 46, errno: errno.ENOSYS },
  copy_file_range: { code: 47, errno: errno.EROFS },
  setupmapping: { code: 48, errno: errno.ENOSYS },
  removemapping: { code: 49, errno: errno.ENOSYS },
  syncfs: { code: 50, errno: errno.ENOSYS },
  tmpfile: { code: 51, errno: errno.EROFS },
  statx: { code: 52, errno: errno.ENOSYS },
} as const satisfies Record<string, { code: number; errno: Errno }>

/** A row of either table, found by opcode. */
export type Row =
  | { readonly kind: 'served'; readonly name: OpName; readonly op: ServedOp }
  | { readonly kind: 'refused'; readonly name: string; readonly errno: Errno }

const byCode = new Map<number, Row>([
  ...Object.entries(served).map(([name, op]): [number, Row] => [
    op.code,
    { kind: 'served', name: name as OpName, op },
  ]),
  ...Object.entries(refused).map(([name, row]): [number, Row] => [
    row.code,
    { kind: 'refused', name, errno: row.errno },
  ]),
])

/** The row of an opcode; one that this protocol version doesn't know is refused with ENOSYS. */
export function rowOf(opcode: number): Row {
  return byCode.get(opcode) ?? { kind: 'refused', name: `opcode ${opcode}`, errno: errno.ENOSYS }
}
