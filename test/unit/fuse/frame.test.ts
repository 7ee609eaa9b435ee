import t from 'tap'
import { Frame } from '../../../src/fuse/frame.ts'
import { OUT_HEADER_BYTES } from '../../../src/fuse/wire/encode.ts'

t.test('the payload lies behind the header and is wiped up to its length', (t) => {
  const memory = new Uint8Array(OUT_HEADER_BYTES + 8).fill(0xaa)
  const frame = new Frame(() => memory)
  t.equal(frame.capacity, 8)
  frame.wipePayload(5)
  t.same([...memory.subarray(OUT_HEADER_BYTES)], [0, 0, 0, 0, 0, 0xaa, 0xaa, 0xaa])
  t.ok(
    memory.subarray(0, OUT_HEADER_BYTES).every((byte) => byte === 0xaa),
    'the header stays',
  )
  t.end()
})

t.test('memory that was detached is asked for again', (t) => {
  let memory = new Uint8Array(32)
  const frame = new Frame(() => memory.subarray(4))
  t.equal(frame.view.byteOffset, 4)
  structuredClone(memory, { transfer: [memory.buffer] })
  memory = new Uint8Array(64)
  t.equal(frame.bytes.length, 60)
  t.equal(frame.view.buffer, memory.buffer)
  t.end()
})

t.test('memory that stays is asked for once', (t) => {
  let asked = 0
  const frame = new Frame(() => {
    asked++
    return new Uint8Array(32)
  })
  frame.bytes.fill(1)
  t.equal(frame.view.getUint8(3), 1)
  t.equal(asked, 1)
  t.end()
})
