import { fuse_dirent, fuse_entry_out, type EntryOut } from '../../src/fuse/wire/kernel.ts'

export interface Dirent {
  readonly ino: number
  readonly off: number
  readonly type: number
  readonly name: string
  /** Of READDIRPLUS. */
  readonly entry?: EntryOut
}

/**
 * The answer to READDIR or READDIRPLUS as the kernel takes it apart (fs/fuse/readdir.c, parse_dirfile and parse_dirplusfile): it stops at an
 * entry that isn't whole. Throws where the kernel returns EIO, and for bytes that it would ignore.
 */
export function parseDirents(bytes: Uint8Array, plus: boolean): Dirent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const before = plus ? fuse_entry_out.size : 0
  const entries: Dirent[] = []
  let at = 0
  while (bytes.length - at >= before + fuse_dirent.size) {
    const { ino, off, namelen, type } = fuse_dirent.read(view, at + before)
    if (namelen === 0 || namelen > 1024) throw new Error(`EIO: a name of ${namelen} bytes`)
    const used = before + fuse_dirent.size + namelen
    const padded = Math.ceil(used / 8) * 8
    if (padded > bytes.length - at) break
    const raw = Buffer.from(bytes.subarray(at + before + fuse_dirent.size, at + used))
    if (raw.includes('/')) throw new Error('EIO: a slash in a name')
    if (bytes.subarray(at + used, at + padded).some((byte) => byte !== 0))
      throw new Error('padding that is not zero')
    const entry = plus ? { entry: fuse_entry_out.read(view, at) } : {}
    entries.push({ ino, off, type, name: raw.toString('latin1'), ...entry })
    at += padded
  }
  if (at !== bytes.length) throw new Error(`${bytes.length - at} bytes behind the last whole entry`)
  return entries
}
