import { randomBytes } from 'node:crypto'
import t from 'tap'
import { ProtocolError } from '../../../src/base/errors.ts'
import { BatchReader, encodeBatch } from '../../../src/daemon/unseal-protocol.ts'
import { storedLength } from '../../../src/vault/value.ts'

const END = encodeBatch([], [])

function batch(description: unknown, data: Uint8Array = new Uint8Array()): Uint8Array {
  const text = Buffer.from(typeof description === 'string' ? description : JSON.stringify(description))
  const header = Buffer.alloc(8)
  header.writeUInt32LE(text.length, 0)
  header.writeUInt32LE(data.length, 4)
  return Buffer.concat([header, text, data])
}

t.test('a batch is two lengths, a description, and the stored values', (t) => {
  const stored = new Uint8Array(storedLength(1)).fill(0xab)
  const bytes = Buffer.from(
    encodeBatch(
      [
        [7, 1, 42, 1000],
        [0, 'no identity'],
        [3, 'no answer', true],
      ],
      [stored],
    ),
  )
  const description = '[[7,1,42,1000],[0,"no identity"],[3,"no answer",true]]'
  t.equal(bytes.readUInt32LE(0), description.length)
  t.equal(bytes.readUInt32LE(4), stored.length)
  t.equal(bytes.toString('utf8', 8, 8 + description.length), description)
  t.same(
    [...new BatchReader().push(bytes)],
    [
      { index: 7, value: { size: 1, version: 42, changedAt: 1000, sealed: stored, at: 0 } },
      { index: 0, value: { failing: 'no identity' } },
      { index: 3, value: { failing: 'no answer', unavailable: true } },
    ],
  )
  t.end()
})

t.test('the end is known, and is the end', (t) => {
  const reader = new BatchReader()
  reader.push(batch([[0, 'x']]))
  t.equal(reader.ended, false)
  t.same(reader.push(END), [])
  t.equal(reader.ended, true)
  t.throws(() => reader.push(batch([[0, 'x']])), new ProtocolError('the unseal child wrote past its end'))
  t.throws(() => new BatchReader().push(Buffer.concat([END, END])), ProtocolError)
  t.throws(
    () => new BatchReader().push(Buffer.concat([END, Buffer.from('x')])),
    ProtocolError,
    'not even a byte',
  )
  t.end()
})

t.test('values have memory of their own, which can move to another thread', (t) => {
  const pipe = Buffer.from(encodeBatch([[0, 3, 1, 0]], [randomBytes(storedLength(3))]))
  const value = new BatchReader().push(pipe)[0]?.value
  if (value === undefined || !('sealed' in value)) throw new Error('a value')
  const before = Buffer.from(value.sealed)
  pipe.fill(0)
  t.same(Buffer.from(value.sealed), before)
  t.equal(value.sealed.buffer.byteLength, storedLength(3), 'nothing else lies in that memory')
  t.end()
})

const refusals: [string, Uint8Array, RegExp][] = [
  ['a description that is no JSON', batch('nonsense'), /without a description/],
  ['one that is no array', batch({}), /that is none/],
  ['a number where a result belongs', batch([5]), /that is none/],
  ['three numbers', batch([[0, 1, 2]]), /that is none/],
  ['an index alone', batch([[0]]), /that is none/],
  ['an index below zero', batch([[-1, 'x']]), /that is none/],
  ['an index that is no number', batch([['0', 'x']]), /that is none/],
  ['a reason with another mark than unavailable', batch([[0, 'x', false]]), /that is none/],
  ['a reason with more behind it', batch([[0, 'x', true, 0]]), /that is none/],
  ['version 0', batch([[0, 0, 0, 0]], new Uint8Array(storedLength(0))), /that is none/],
  ['a version above 2^52', batch([[0, 0, 2 ** 52 + 1, 0]], new Uint8Array(storedLength(0))), /that is none/],
  [
    'a size above 1 MiB',
    batch([[0, 2 ** 20 + 1, 1, 0]], new Uint8Array(storedLength(2 ** 20 + 1))),
    /that is none/,
  ],
  ['half a byte', batch([[0, 0.5, 1, 0]], new Uint8Array(21)), /that is none/],
  ['too little data', batch([[0, 5, 1, 0]], new Uint8Array(storedLength(5) - 1)), /not the length/],
  ['too much data', batch([[0, 5, 1, 0]], new Uint8Array(storedLength(5) + 1)), /not the length/],
  ['data without a description', batch([[0, 'x']], new Uint8Array(1)), /not the length/],
  ['lengths without measure', Buffer.from('ffffffffffffffff', 'hex'), /no batch/],
]
for (const [what, bytes, message] of refusals) {
  t.test(`refused: ${what}`, (t) => {
    t.throws(() => new BatchReader().push(bytes), { code: 'ERR_PROTOCOL', message })
    t.end()
  })
}
