import {
  fuse_dirent,
  fuse_entry_out,
  fuse_notify_delete_out,
  fuse_notify_inval_entry_out,
  fuse_notify_inval_inode_out,
  fuse_out_header,
  notifyCode,
  type EntryOut,
} from './kernel.ts'

export const OUT_HEADER_BYTES = fuse_out_header.size

/** Write the header of a reply with `payload` bytes behind it; returns the length of the whole. `error` is positive or 0. */
export function encodeHeader(view: DataView, unique: bigint, error: number, payload: number): number {
  const len = OUT_HEADER_BYTES + payload
  fuse_out_header.write(view, 0, { len, error: -error, unique })
  return len
}

/** One entry of READDIR. */
export interface DirEntry {
  readonly ino: number
  /** What READDIR continues after. */
  readonly off: number
  /** `DT_*` of dirent.h. */
  readonly type: number
  readonly name: string
}

export const DT_DIR = 4
export const DT_REG = 8

/** Writes directory entries behind each other until one doesn't fit (fs/fuse/readdir.c, parse_dirfile). */
export class DirWriter {
  readonly #view: DataView
  readonly #bytes: Uint8Array
  readonly #end: number
  readonly #start: number
  #at: number

  /** Fills at most `size` bytes from `start` of `bytes`. */
  constructor(bytes: Uint8Array, start: number, size: number) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#start = start
    this.#at = start
    this.#end = Math.min(start + size, bytes.byteLength)
  }

  get length(): number {
    return this.#at - this.#start
  }

  /** READDIR; false when the entry doesn't fit. */
  add(entry: DirEntry): boolean {
    return this.#put(entry, 0)
  }

  /** READDIRPLUS: `known` is the entry's lookup; a nodeid of 0 makes none (for `.` and `..`). */
  addPlus(entry: DirEntry, known: EntryOut): boolean {
    const at = this.#at
    if (!this.#put(entry, fuse_entry_out.size)) return false
    fuse_entry_out.write(this.#view, at, known)
    return true
  }

  #put(entry: DirEntry, before: number): boolean {
    const used = before + fuse_dirent.size + entry.name.length
    const padded = (used + 7) & ~7
    if (this.#at + padded > this.#end) return false
    fuse_dirent.write(this.#view, this.#at + before, {
      ino: entry.ino,
      off: entry.off,
      namelen: entry.name.length,
      type: entry.type,
    })
    putName(this.#bytes, this.#at + before + fuse_dirent.size, entry.name)
    this.#bytes.fill(0, this.#at + used, this.#at + padded)
    this.#at += padded
    return true
  }
}

function putName(bytes: Uint8Array, at: number, name: string): void {
  for (let i = 0; i < name.length; i++) bytes[at + i] = name.charCodeAt(i)
}

function notification(
  code: number,
  size: number,
  write: (view: DataView, bytes: Uint8Array) => void,
): Uint8Array {
  const bytes = new Uint8Array(OUT_HEADER_BYTES + size)
  const view = new DataView(bytes.buffer)
  fuse_out_header.write(view, 0, { len: bytes.length, error: code, unique: 0n })
  write(view, bytes)
  return bytes
}

/** Drop a node's cached attributes, and its cached pages from `offset` on (-1: attributes only). */
export function invalidateInode(node: number, offset: bigint): Uint8Array {
  return notification(notifyCode.INVAL_INODE, fuse_notify_inval_inode_out.size, (view) => {
    fuse_notify_inval_inode_out.write(view, OUT_HEADER_BYTES, { ino: node, off: offset, len: 0n })
  })
}

/** Ask for every request again that was read and not answered (fs/fuse/dev.c, fuse_resend; since Linux 6.9). */
export function resendRequests(): Uint8Array {
  return notification(notifyCode.RESEND, 0, () => undefined)
}

/** Drop a cached name. */
export function invalidateEntry(parent: number, name: string): Uint8Array {
  const struct = fuse_notify_inval_entry_out
  return notification(notifyCode.INVAL_ENTRY, struct.size + name.length + 1, (view, bytes) => {
    struct.write(view, OUT_HEADER_BYTES, { parent, namelen: name.length, flags: 0 })
    putName(bytes, OUT_HEADER_BYTES + struct.size, name)
  })
}

/** Drop a cached name as if the file were deleted: its watchers get inotify's DELETE_SELF. */
export function notifyDelete(parent: number, child: number, name: string): Uint8Array {
  const struct = fuse_notify_delete_out
  return notification(notifyCode.DELETE, struct.size + name.length + 1, (view, bytes) => {
    struct.write(view, OUT_HEADER_BYTES, { parent, child, namelen: name.length, padding: 0 })
    putName(bytes, OUT_HEADER_BYTES + struct.size, name)
  })
}
