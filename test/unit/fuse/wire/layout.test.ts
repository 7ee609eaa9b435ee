import t from 'tap'
import { i32, i64, id64, reserved, struct, u16, u32, u64 } from '../../../../src/fuse/wire/layout.ts'

t.test('fields are little endian, without gaps, in the order of the table', (t) => {
  const example = struct('example', { a: u16, b: i32, c: u64, d: i64, e: id64, f: u32 })
  t.equal(example.size, 34)
  const bytes = new Uint8Array(example.size + 3).fill(0xee)
  const value = { a: 0x0102, b: -2, c: 0x0102030405060708n, d: -1n, e: 2 ** 52 + 0x80000001, f: 0xfffffffe }
  example.write(new DataView(bytes.buffer), 1, value)
  t.equal(
    Buffer.from(bytes).toString('hex'),
    'ee' +
      '0201' +
      'feffffff' +
      '0807060504030201' +
      'ffffffffffffffff' +
      '0100008000001000' +
      'feffffff' +
      'eeee',
  )
  t.same(example.read(new DataView(bytes.buffer), 1), value)
  t.end()
})

t.test('a struct within a struct, and reserved bytes', (t) => {
  const inner = struct('inner', { x: u16, y: u16 })
  const outer = struct('outer', { before: u16, inner, spare: reserved(3), after: u16 })
  t.equal(outer.size, 11)
  const bytes = new Uint8Array(11).fill(0xee)
  outer.write(new DataView(bytes.buffer), 0, { before: 1, inner: { x: 2, y: 3 }, spare: undefined, after: 4 })
  t.equal(Buffer.from(bytes).toString('hex'), '0100' + '02000300' + '000000' + '0400')
  t.same(outer.read(new DataView(bytes.buffer), 0).inner, { x: 2, y: 3 })
  t.end()
})

t.test('a u64 above 2^53 reads as a number that is still as large', (t) => {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigInt64(0, 2n ** 63n - 1n, true)
  t.equal(id64.read(view, 0), 2 ** 63)
  t.end()
})
