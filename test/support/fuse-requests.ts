import { fuse_in_header, type InHeader } from '../../src/fuse/wire/kernel.ts'
import { served, type Body, type OpName } from '../../src/fuse/wire/ops.ts'

/** A request as the kernel lays it out: header, struct, name with its NUL. */
export function requestBytes<N extends OpName>(
  op: N,
  body: Body<N>,
  { name, ...header }: Partial<InHeader> & { readonly name?: string } = {},
): Uint8Array {
  const row: {
    code: number
    in?: { size: number; write(view: DataView, at: number, value: unknown): void }
  } = served[op]
  const tail = name === undefined ? new Uint8Array() : Buffer.from(`${name}\0`, 'latin1')
  const bytes = new Uint8Array(fuse_in_header.size + (row.in?.size ?? 0) + tail.length)
  row.in?.write(new DataView(bytes.buffer), fuse_in_header.size, body)
  bytes.set(tail, bytes.length - tail.length)
  return withHeader(bytes, { opcode: row.code, ...header })
}

/** A request of any opcode with these bytes behind its header. */
export function rawRequest(
  opcode: number,
  body: Uint8Array = new Uint8Array(),
  header: Partial<InHeader> = {},
): Uint8Array {
  const bytes = new Uint8Array(fuse_in_header.size + body.length)
  bytes.set(body, fuse_in_header.size)
  return withHeader(bytes, { opcode, ...header })
}

function withHeader(bytes: Uint8Array, header: Partial<InHeader>): Uint8Array {
  fuse_in_header.write(new DataView(bytes.buffer), 0, {
    len: bytes.length,
    opcode: 0,
    unique: 2n,
    nodeid: 1,
    uid: 0,
    gid: 0,
    pid: 1,
    total_extlen: 0,
    padding: 0,
    ...header,
  })
  return bytes
}

export const noRead = {
  fh: 0,
  offset: 0,
  size: 0,
  read_flags: 0,
  lock_owner: 0n,
  flags: 0,
  padding: 0,
}
