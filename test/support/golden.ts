import { fuse_in_header, fuse_init_in_ext } from '../../src/fuse/wire/kernel.ts'
import type { Struct } from '../../src/fuse/wire/layout.ts'
import { rowOf } from '../../src/fuse/wire/ops.ts'
import { fieldsOf } from './struct-fields.ts'

/**
 * A recorded request as text: comments, then a field a line: offset, bytes, name, value. Fields that differ from one recording
 * to the next are marked `volatile`.
 */
const VOLATILE = new Set(['unique', 'uid', 'gid', 'pid', 'lock_owner'])
const BYTES_A_LINE = 16

export function annotate(request: Uint8Array, title: string): string {
  const bytes = Buffer.from(request)
  const view = new DataView(request.buffer, request.byteOffset, request.byteLength)
  const row = rowOf(view.getUint32(4, true))
  const lines = [`# ${title}`]
  let at = 0
  const line = (size: number, what: string) => {
    lines.push(
      `${String(at).padStart(4)}  ${bytes.toString('hex', at, at + size).padEnd(32)}  ${what}`.trimEnd(),
    )
    at += size
  }
  const struct = (table: Struct<object>, prefix: string) => {
    const values = table.read(view, at) as Record<string, number | bigint>
    for (const { field, size } of fieldsOf(table)) {
      line(size, `${prefix}${field} = ${values[field] ?? '?'}${VOLATILE.has(field) ? ' (volatile)' : ''}`)
    }
  }
  struct(fuse_in_header, '')
  if (row.kind === 'served' && row.op.in !== undefined) struct(row.op.in as Struct<object>, `${row.name}.`)
  if (row.name === 'init' && at < bytes.length) struct(fuse_init_in_ext, 'init.')
  if (row.kind === 'served' && row.op.name) line(bytes.length - at, `name = ${text(bytes.subarray(at))}`)
  while (at < bytes.length) line(Math.min(BYTES_A_LINE, bytes.length - at), '')
  return `${lines.join('\n')}\n`
}

/** A name and its NUL, as a JavaScript string. */
function text(bytes: Buffer): string {
  return JSON.stringify(bytes.toString('latin1'))
}

/** The bytes and the title of an annotated request. */
export function parseGolden(file: string): { title: string; bytes: Uint8Array } {
  const [first = '', ...lines] = file.trimEnd().split('\n')
  const hex = lines.map((line) => /^ *\d+ {2}([0-9a-f]+)/.exec(line)?.[1] ?? '').join('')
  return { title: first.replace(/^# /, ''), bytes: Uint8Array.from(Buffer.from(hex, 'hex')) }
}
