import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { ProtocolError } from '../../src/base/errors.ts'
import { decodeBody, decodeHeader, type Decoded } from '../../src/fuse/wire/decode.ts'
import { DirWriter } from '../../src/fuse/wire/encode.ts'
import { fuse_in_header, type EntryOut } from '../../src/fuse/wire/kernel.ts'
import * as kernel from '../../src/fuse/wire/kernel.ts'
import { struct, type Struct } from '../../src/fuse/wire/layout.ts'
import { served } from '../../src/fuse/wire/ops.ts'
import { parseDirents } from '../support/dirents.ts'
import { parseGolden } from '../support/golden.ts'
import { tree } from '../support/record-tree.ts'

const folder = join(import.meta.dirname, '../wire/golden')
const golden = readdirSync(folder).map((name) => parseGolden(readFileSync(join(folder, name), 'utf8')).bytes)

/** Decode from a buffer that holds an older, longer request; undefined when refused as it should. Anything else is thrown on. */
function accepted(bytes: Uint8Array): Decoded | undefined {
  const buffer = new Uint8Array(bytes.length + 64).fill(0x41)
  buffer.set(bytes)
  const view = new DataView(buffer.buffer)
  try {
    return decodeBody(buffer, view, decodeHeader(view, bytes.length))
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

/** The request that the decoded fields make; what nothing decodes is taken over. */
function encoded(decoded: Decoded, original: Uint8Array): Uint8Array {
  const bytes = original.slice()
  const view = new DataView(bytes.buffer)
  fuse_in_header.write(view, 0, decoded.header)
  if (!('body' in decoded)) return bytes
  const start = fuse_in_header.size
  const { op } = decoded.row
  op.in?.write(view, start, decoded.body)
  if (op.name) bytes.set(Buffer.from(`${decoded.name}\0`, 'latin1'), start + (op.in?.size ?? 0))
  return bytes
}

/** Node ids, handles and offsets are exact below 2^53; the kernel gives back only what it was given. */
function exact(decoded: Decoded): boolean {
  const body = 'body' in decoded ? (decoded.body ?? {}) : {}
  return Object.values({ ...decoded.header, ...body }).every(
    (value) => typeof value === 'bigint' || Number.isSafeInteger(value),
  )
}

const opcodes = fc.oneof(fc.constantFrom(...Object.values(served).map(({ code }) => code)), fc.nat(60))

/** Anything behind a header that says its own length. */
const framed = fc
  .tuple(
    fc.uint8Array({ maxLength: 120 }),
    opcodes,
    fc.oneof(fc.constant(0), fc.nat(12)),
    fc.bigInt(0n, 2n ** 64n - 1n),
  )
  .map(([body, opcode, extensions, unique]) => {
    const bytes = new Uint8Array(fuse_in_header.size + body.length)
    bytes.set(body, fuse_in_header.size)
    const header = { nodeid: 1, uid: 0, gid: 0, pid: 1, padding: 0 }
    const all = { len: bytes.length, opcode, unique, total_extlen: extensions, ...header }
    fuse_in_header.write(new DataView(bytes.buffer), 0, all)
    return bytes
  })

const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
const mutated = fc
  .tuple(fc.constantFrom(...golden), edits, fc.boolean(), fc.integer({ min: -20, max: 20 }))
  .map(([bytes, changes, sayLength, more]) => {
    const changed = new Uint8Array(Math.max(0, bytes.length + more))
    changed.set(bytes.subarray(0, changed.length))
    for (const [at, byte] of changes) if (changed.length > 0) changed[at % changed.length] = byte
    if (sayLength && changed.length >= 4) new DataView(changed.buffer).setUint32(0, changed.length, true)
    return changed
  })

t.test('what is accepted encodes to the same bytes', (t) => {
  let count = 0
  const same = (bytes: Uint8Array) => {
    const decoded = accepted(bytes)
    if (decoded === undefined || !exact(decoded)) return true
    count++
    return Buffer.compare(encoded(decoded, bytes), bytes) === 0
  }
  for (const bytes of golden) t.ok(same(bytes))
  t.equal(count, golden.length, 'everything that was recorded is accepted')
  fc.assert(fc.property(mutated, same), { numRuns: 5_000 })
  fc.assert(fc.property(framed, same), { numRuns: 5_000 })
  t.ok(count > 1_000, `${count} were accepted`)
  t.end()
})

t.test('arbitrary bytes and mutated requests raise ProtocolError alone', (t) => {
  const survives = (bytes: Uint8Array) => {
    accepted(bytes)
    return true
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survives), { numRuns: 2_000 })
  fc.assert(fc.property(fc.oneof(framed, mutated), survives), { numRuns: 5_000 })
  t.pass('held')
  t.end()
})

t.test('a name is what lies between the struct and the one NUL', (t) => {
  const name = fc.uint8Array({ minLength: 0, maxLength: 40 })
  const code = served.lookup.code
  fc.assert(
    fc.property(name, (raw) => {
      const bytes = new Uint8Array(fuse_in_header.size + raw.length)
      bytes.set(raw, fuse_in_header.size)
      const header = {
        len: bytes.length,
        opcode: code,
        unique: 2n,
        nodeid: 1,
        uid: 0,
        gid: 0,
        pid: 1,
        padding: 0,
      }
      fuse_in_header.write(new DataView(bytes.buffer), 0, { ...header, total_extlen: 0 })
      const decoded = accepted(bytes)
      const text = Buffer.from(raw).toString('latin1')
      const good = /^[^\0/]+\0$/.test(text)
      return good
        ? decoded !== undefined && 'name' in decoded && `${decoded.name}\0` === text
        : decoded === undefined
    }),
    { numRuns: 2_000 },
  )
  t.pass('held')
  t.end()
})

const id = fc.integer({ min: 1, max: 2 ** 52 })
const entries = fc.array(
  fc.record({
    ino: id,
    off: id,
    type: fc.constantFrom(4, 8, 10),
    name: fc.stringMatching(/^[A-Za-z0-9._@:+-]{1,255}$/),
  }),
  { maxLength: 20 },
)
const known = tree.lookup({
  header: { len: 0, opcode: 1, unique: 2n, nodeid: 1, uid: 0, gid: 0, pid: 1, total_extlen: 0, padding: 0 },
  body: undefined,
  name: 'a',
}) as EntryOut

t.test('a listing stays within its size and is what the kernel takes apart', (t) => {
  fc.assert(
    fc.property(entries, fc.nat(6_000), fc.nat(40), fc.boolean(), (all, size, start, plus) => {
      const bytes = new Uint8Array(start + size + 50).fill(0xee)
      const writer = new DirWriter(bytes, start, size)
      const put = all.findIndex((entry) => !(plus ? writer.addPlus(entry, known) : writer.add(entry)))
      const fitting = put === -1 ? all : all.slice(0, put)
      const listed = parseDirents(bytes.subarray(start, start + writer.length), plus)
      const outside = [...bytes.subarray(0, start), ...bytes.subarray(start + writer.length)]
      const plain = listed.map(({ ino, off, type, name }) => ({ ino, off, type, name }))
      return (
        writer.length <= size &&
        outside.every((byte) => byte === 0xee) &&
        JSON.stringify(plain) === JSON.stringify(fitting) &&
        listed.every(({ entry }) => !plus || JSON.stringify(entry) === JSON.stringify(known))
      )
    }),
    { numRuns: 500 },
  )
  t.pass('held')
  t.end()
})

t.test('what is unrolled is what the list of fields says', (t) => {
  const all = Object.values(kernel).flatMap((value) =>
    typeof value === 'object' && 'fields' in value ? [value as Struct<unknown>] : [],
  )
  t.ok(all.length > 15)
  for (const real of all) {
    const listed = struct(real.name, real.fields)
    const bytes = fc.uint8Array({ minLength: real.size + 8, maxLength: real.size + 8 })
    const property = fc.property(bytes, fc.nat(8), (memory, at) => {
      const view = new DataView(memory.buffer)
      const value = real.read(view, at)
      assert.deepStrictEqual(value, listed.read(view, at))
      const [one, other] = [listed, real].map((struct) => {
        const written = memory.slice().fill(0xee)
        struct.write(new DataView(written.buffer), at, value)
        return written
      })
      assert.deepStrictEqual(one, other)
    })
    t.doesNotThrow(() => fc.assert(property), real.name)
  }
  t.end()
})
