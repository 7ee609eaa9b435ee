import { ProtocolError } from '../../base/errors.ts'
import {
  fuse_batch_forget_in,
  fuse_in_header,
  fuse_init_in,
  fuse_init_in_ext,
  type InHeader,
} from './kernel.ts'
import { rowOf, type Body, type OpName, type Row } from './ops.ts'

/** A decoded request; `name` is the kernel's bytes as Latin-1, one character a byte. */
export interface Request<N extends OpName> {
  readonly header: InHeader
  readonly body: Body<N>
  /** Empty where the operation carries none. */
  readonly name: string
}

/** Which row, and for a served one its checked body. */
export type Decoded =
  | { readonly row: Row & { kind: 'refused' }; readonly header: InHeader }
  | {
      readonly row: Row & { kind: 'served' }
      readonly header: InHeader
      readonly body: unknown
      readonly name: string
    }

/** What one forgotten node takes in FUSE_BATCH_FORGET: node id and lookup count. */
const FORGET_ONE_BYTES = 16

/**
 * The header of the one request that a read(2) of /dev/fuse returned, of which `length` bytes came. Throws `ProtocolError` when the bytes
 * aren't exactly one request (fs/fuse/dev.c, fuse_dev_do_read).
 */
export function decodeHeader(view: DataView, length: number): InHeader {
  if (length < fuse_in_header.size) throw new ProtocolError(`a request of ${length} bytes has no header`)
  const header = fuse_in_header.read(view, 0)
  if (header.len !== length) throw new ProtocolError(`a request says ${header.len} bytes and has ${length}`)
  if (header.total_extlen * 8 > length - fuse_in_header.size) {
    throw new ProtocolError(`the extensions of a request are longer than it is`)
  }
  return header
}

/** What follows the header in `buffer`, checked wholly. Throws `ProtocolError`, and nothing else. */
export function decodeBody(buffer: Uint8Array, view: DataView, header: InHeader): Decoded {
  const row = rowOf(header.opcode)
  if (row.kind === 'refused') return { row, header }
  const end = header.len - header.total_extlen * 8
  const start = fuse_in_header.size
  const structSize = row.op.in?.size ?? 0
  if (end < start + structSize) throw new ProtocolError(`${row.name}: ${header.len} bytes are too few`)
  const body = row.op.in?.read(view, start)
  const at = start + structSize
  if (row.op.name) return { row, header, body, name: decodeName(buffer, at, end, row.name) }
  checkTail(row.name, view, at, end)
  return { row, header, body, name: '' }
}

/** Exactly one NUL, at the end, and no `/`. */
function decodeName(buffer: Uint8Array, at: number, end: number, op: string): string {
  const nul = buffer.indexOf(0, at)
  if (nul !== end - 1 || nul === at)
    throw new ProtocolError(`${op}: the name isn't one NUL-terminated string`)
  const name = Buffer.from(buffer.buffer, buffer.byteOffset + at, nul - at).toString('latin1')
  if (name.includes('/')) throw new ProtocolError(`${op}: a name with a slash`)
  return name
}

/** What may follow the struct: a longer INIT of a newer kernel, the list of a batch, nothing else. */
function checkTail(op: OpName, view: DataView, at: number, end: number): void {
  if (op === 'init') return
  const expected =
    op === 'batch_forget' ? fuse_batch_forget_in.read(view, at - fuse_batch_forget_in.size).count : 0
  if (end - at !== expected * FORGET_ONE_BYTES) throw new ProtocolError(`${op}: ${end - at} bytes too many`)
}

/** INIT's flags of both words as one set of bits: kernels before 7.36 send no second word (FUSE_INIT_EXT says which). */
export function initFlagsOf(view: DataView, length: number, flags: number, initExt: number): bigint {
  const at = fuse_in_header.size + fuse_init_in.size
  const hasSecond = ((flags >>> initExt) & 1) === 1 && length >= at + fuse_init_in_ext.size
  const second = hasSecond ? fuse_init_in_ext.read(view, at).flags2 : 0
  return (BigInt(second) << 32n) | BigInt(flags)
}
