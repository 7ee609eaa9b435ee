import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { KEY_BYTES, loadSodium, type Region } from '../../../src/crypto/sodium.ts'
import { MemoryVault } from '../../../src/vault/memory-vault.ts'
import { CHUNK_BYTES, PREFIX_BYTES, storedLength, storeValue } from '../../../src/vault/value.ts'

const sodium = await loadSodium()
const MOST = 200 * 1024
const AT = 16
const key = randomBytes(KEY_BYTES)
const keyRegion = sodium.allocateFrom(key)
const reply = sodium.allocate(AT + MOST + 64)
const vault = new MemoryVault(sodium, key, reply, AT)

function stored(plain: Uint8Array, under: Region = keyRegion) {
  const region = sodium.allocateFrom(plain)
  try {
    return { size: plain.length, sealed: storeValue(sodium, under, region, randomBytes(PREFIX_BYTES)), at: 0 }
  } finally {
    region.free()
  }
}

/** Sizes around what chunks make of them, and any others. */
const sizes = fc.oneof(
  fc.nat(MOST),
  fc
    .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: -2, max: 2 }))
    .map(([chunks, more]) => Math.min(MOST, Math.max(0, chunks * CHUNK_BYTES + more))),
)
/** A size and a range within it, often on borders of chunks. */
const ranges = sizes.chain((size) => {
  const place = fc.oneof(
    fc.nat(size),
    fc.nat(Math.floor(size / CHUNK_BYTES)).map((chunk) => chunk * CHUNK_BYTES),
  )
  return fc.tuple(fc.constant(size), place, place).map(([size, a, b]) => ({
    size,
    offset: Math.min(a, b),
    length: Math.abs(a - b),
  }))
})

/** Every region of the heap that the vault has, found by what it allocates. */
function regionsOfANewVault(): { fresh: MemoryVault; regions: Region[] } {
  const regions: Region[] = []
  const spy = {
    ...sodium,
    allocate: (length: number) => keep(sodium.allocate(length)),
    allocateFrom: (bytes: Uint8Array) => keep(sodium.allocateFrom(bytes)),
  }
  const keep = (region: Region) => {
    regions.push(region)
    return region
  }
  return { fresh: new MemoryVault(spy, key, reply, AT), regions }
}

t.test('any range opens to its bytes, and nothing around it is written', (t) => {
  const source = randomBytes(MOST)
  const { fresh, regions } = regionsOfANewVault()
  const partial = regions.find(({ length }) => length === CHUNK_BYTES)
  if (partial === undefined) throw new Error('the vault has no memory for a part of a chunk')
  fc.assert(
    fc.property(ranges, ({ size, offset, length }) => {
      const plain = source.subarray(0, size)
      reply.bytes().fill(0xcc)
      fresh.open(stored(plain), offset, length)
      const bytes = reply.bytes()
      return (
        Buffer.compare(bytes.subarray(AT, AT + length), plain.subarray(offset, offset + length)) === 0 &&
        bytes.subarray(0, AT).every((byte) => byte === 0xcc) &&
        bytes.subarray(AT + length).every((byte) => byte === 0xcc) &&
        partial.bytes().every((byte) => byte === 0)
      )
    }),
    { numRuns: 150 },
  )
  t.pass('held')
  t.end()
})

t.test('a flipped bit in what a range touches throws, and leaves no part of a chunk behind', (t) => {
  const plain = randomBytes(3 * CHUNK_BYTES - 100)
  const good = stored(plain)
  const { fresh, regions } = regionsOfANewVault()
  const partial = regions.find(({ length }) => length === CHUNK_BYTES)
  fc.assert(
    fc.property(fc.nat(good.sealed.length * 8 - 1), (bit) => {
      const sealed = good.sealed.slice()
      const at = bit >> 3
      sealed[at] = (sealed[at] ?? 0) ^ (1 << (bit & 7))
      try {
        fresh.open({ size: plain.length, sealed, at: 0 }, 1, plain.length - 2)
        return false
      } catch (error) {
        return (
          (error as { code?: string }).code === 'ERR_PROTOCOL' && partial?.bytes().every((byte) => byte === 0)
        )
      }
    }),
  )
  t.doesNotThrow(() => fresh.open(good, 1, plain.length - 2), 'unchanged it opens')
  t.end()
})

t.test('chunks can not change places, nor values their prefix, nor processes their key', (t) => {
  const plain = randomBytes(2 * CHUNK_BYTES)
  const { sealed, size } = stored(plain)
  const half = (sealed.length - PREFIX_BYTES) / 2
  const swapped = Buffer.concat([
    sealed.subarray(0, PREFIX_BYTES),
    sealed.subarray(PREFIX_BYTES + half),
    sealed.subarray(PREFIX_BYTES, PREFIX_BYTES + half),
  ])
  t.throws(() => vault.open({ size, sealed: swapped, at: 0 }, 0, size), { code: 'ERR_PROTOCOL' })
  const other = stored(plain)
  const mixed = Buffer.concat([other.sealed.subarray(0, PREFIX_BYTES), sealed.subarray(PREFIX_BYTES)])
  t.throws(() => vault.open({ size, sealed: mixed, at: 0 }, 0, size), { code: 'ERR_PROTOCOL' })
  const stranger = sodium.allocateFrom(randomBytes(KEY_BYTES))
  t.throws(() => vault.open(stored(plain, stranger), 0, size), { code: 'ERR_PROTOCOL' })
  stranger.free()
  t.end()
})

t.test('nonces of chunks differ beyond 256 of them', (t) => {
  const plain = new Uint8Array(300 * CHUNK_BYTES)
  const { sealed, size } = stored(plain)
  t.equal(sealed.length, storedLength(size))
  const chunk = CHUNK_BYTES + 16
  const starts = Array.from({ length: 300 }, (_, index) =>
    Buffer.from(sealed.subarray(PREFIX_BYTES + index * chunk, PREFIX_BYTES + index * chunk + 16)).toString(
      'hex',
    ),
  )
  t.equal(new Set(starts).size, 300, 'equal chunks have different ciphertext')
  t.end()
})

t.test('an empty value is its prefix', (t) => {
  t.equal(stored(new Uint8Array()).sealed.length, PREFIX_BYTES)
  t.doesNotThrow(() => vault.open(stored(new Uint8Array()), 0, 0))
  t.end()
})

t.test('values that lie in one memory are opened one by one', (t) => {
  const [a, b] = [randomBytes(20_000), randomBytes(5)].map((plain) => ({ plain, ...stored(plain) }))
  if (a === undefined || b === undefined) throw new Error('two values')
  const sealed = Buffer.concat([a.sealed, b.sealed])
  const read = (size: number, at: number) => {
    vault.open({ size, sealed, at }, 0, size)
    return Buffer.from(reply.bytes().subarray(AT, AT + size))
  }
  t.same(read(a.size, 0), a.plain)
  t.same(read(b.size, a.sealed.length), b.plain)
  t.throws(() => read(a.size, 1), { code: 'ERR_PROTOCOL' })
  t.end()
})
