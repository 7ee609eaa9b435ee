import { HIGH } from './layout.ts'

/**
 * What is read and written at each open and read of a secret, field by field as kernel.ts has it, without going through the list
 * of fields. test/property/wire.test.ts holds the two together.
 */
export const inHeader = {
  read: (view: DataView, at: number) => ({
    len: view.getUint32(at, true),
    opcode: view.getUint32(at + 4, true),
    unique: view.getBigUint64(at + 8, true),
    nodeid: number64(view, at + 16),
    uid: view.getUint32(at + 24, true),
    gid: view.getUint32(at + 28, true),
    pid: view.getUint32(at + 32, true),
    total_extlen: view.getUint16(at + 36, true),
    padding: view.getUint16(at + 38, true),
  }),
}

export const openIn = {
  read: (view: DataView, at: number) => ({
    flags: view.getUint32(at, true),
    open_flags: view.getUint32(at + 4, true),
  }),
}

export const readIn = {
  read: (view: DataView, at: number) => ({
    fh: number64(view, at),
    offset: number64(view, at + 8),
    size: view.getUint32(at + 16, true),
    read_flags: view.getUint32(at + 20, true),
    lock_owner: view.getBigUint64(at + 24, true),
    flags: view.getUint32(at + 32, true),
    padding: view.getUint32(at + 36, true),
  }),
}

export const releaseIn = {
  read: (view: DataView, at: number) => ({
    fh: number64(view, at),
    flags: view.getUint32(at + 8, true),
    release_flags: view.getUint32(at + 12, true),
    lock_owner: view.getBigUint64(at + 16, true),
  }),
}

export const outHeader = {
  write(view: DataView, at: number, value: { len: number; error: number; unique: bigint }) {
    view.setUint32(at, value.len, true)
    view.setInt32(at + 4, value.error, true)
    view.setBigUint64(at + 8, value.unique, true)
  },
}

export const openOut = {
  write(view: DataView, at: number, value: { fh: number; open_flags: number; backing_id: number }) {
    view.setUint32(at, value.fh >>> 0, true)
    view.setUint32(at + 4, Math.floor(value.fh / HIGH), true)
    view.setUint32(at + 8, value.open_flags, true)
    view.setInt32(at + 12, value.backing_id, true)
  },
}

function number64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * HIGH + view.getUint32(at, true)
}
