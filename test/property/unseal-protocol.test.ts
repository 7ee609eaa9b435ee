import fc from 'fast-check'
import t from 'tap'
import { ProtocolError } from '../../src/base/errors.ts'
import { BatchReader, encodeBatch, type Description } from '../../src/daemon/unseal-protocol.ts'
import { storedBytes, storedLength } from '../../src/vault/value.ts'
import type { EntryValue, IndexedValue } from '../../src/vfs/table.ts'

const stored = fc
  .tuple(fc.nat(2000), fc.integer({ min: 1, max: 2 ** 52 }), fc.nat(2 ** 40), fc.nat(255))
  .map(([size, version, changedAt, fill]): EntryValue => {
    return { size, version, changedAt, sealed: new Uint8Array(storedLength(size)).fill(fill), at: 0 }
  })
const values = fc.oneof(
  stored,
  fc.string().map((failing): EntryValue => ({ failing })),
  fc.string().map((failing): EntryValue => ({ failing, unavailable: true })),
)
const results = fc.record({ index: fc.nat(2 ** 20), value: values })
const streams = fc.array(fc.array(results, { minLength: 1, maxLength: 5 }), { maxLength: 5 })

function encode(batches: IndexedValue[][]): Buffer {
  const parts = [...batches, []].map((batch) =>
    encodeBatch(
      batch.map(describe),
      batch.flatMap(({ value }) => ('sealed' in value ? [storedBytes(value)] : [])),
    ),
  )
  return Buffer.concat(parts)
}

function describe({ index, value }: IndexedValue): Description {
  if ('sealed' in value) return [index, value.size, value.version, value.changedAt]
  if (!('failing' in value)) throw new TypeError('a result is never pending')
  return value.unavailable === true ? [index, value.failing, true] : [index, value.failing]
}

/** Cut at these places, which may be equal. */
function cut(bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
}

t.test('however a stream is cut, the results are the same', (t) => {
  fc.assert(
    fc.property(streams, fc.array(fc.nat(), { maxLength: 12 }), (batches, cuts) => {
      const reader = new BatchReader()
      const read = cut(encode(batches), cuts).flatMap((piece) => reader.push(piece))
      const plain = ({ index, value }: IndexedValue) =>
        'sealed' in value
          ? { index, ...value, sealed: Buffer.from(storedBytes(value)), at: 0 }
          : { index, ...value }
      return reader.ended && JSON.stringify(read.map(plain)) === JSON.stringify(batches.flat().map(plain))
    }),
  )
  t.pass('held')
  t.end()
})

t.test('byte by byte too', (t) => {
  const reader = new BatchReader()
  const failing = ['a', 'b', 'c'].map((failing, index) => ({ index: 2 - index, value: { failing } }))
  const bytes = encode([failing.slice(0, 1), failing.slice(1)])
  const read = [...bytes].flatMap((byte) => reader.push(Uint8Array.of(byte)))
  t.same(read, failing)
  t.equal(reader.ended, true)
  t.end()
})

/** Throws anything but a ProtocolError on. */
function survives(pieces: Uint8Array[]): boolean {
  const reader = new BatchReader()
  try {
    for (const piece of pieces) reader.push(piece)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
  }
  return true
}

t.test('garbage and mutations raise ProtocolError alone', (t) => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), survives))
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(streams, edits, fc.array(fc.nat(), { maxLength: 4 }), (batches, changes, cuts) => {
      const bytes = encode(batches)
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      return survives(cut(bytes, cuts))
    }),
    { numRuns: 300 },
  )
  t.pass('held')
  t.end()
})
