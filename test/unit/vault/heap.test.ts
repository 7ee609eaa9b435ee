import { randomBytes } from 'node:crypto'
import { hchacha } from '@noble/ciphers/chacha.js'
import wrappers from 'libsodium-wrappers'
import t from 'tap'
import { KEY_BYTES, loadSodium, TAG_BYTES } from '../../../src/crypto/sodium.ts'
import { MemoryVault } from '../../../src/vault/memory-vault.ts'
import { CHUNK_BYTES, PREFIX_BYTES, storeValue } from '../../../src/vault/value.ts'

/** The whole memory of the WASM module: heap, stack and globals. */
const sodium = await loadSodium()
const memory = () =>
  Buffer.from((wrappers as unknown as { libsodium: { HEAPU8: Uint8Array } }).libsodium.HEAPU8.buffer)

/** Addresses at which the bytes are. */
function copiesOf(bytes: Uint8Array): number[] {
  const found: number[] = []
  for (let at = memory().indexOf(bytes); at !== -1; at = memory().indexOf(bytes, at + 1)) found.push(at)
  return found
}

const AT = 16
const WINDOW = 16

/** Any 16 bytes in a row of `plain`, at steps that no copy of a chunk's part can slip through. */
function tracesOf(plain: Uint8Array): number[] {
  const step = 1000
  const windows = Array.from(
    { length: Math.floor((plain.length - WINDOW) / step) + 1 },
    (_, index) => index * step,
  )
  return windows.flatMap((at) => copiesOf(plain.subarray(at, at + WINDOW)))
}

t.test('a positive control: the scan finds what is there, also at odd addresses', (t) => {
  const sentinel = randomBytes(40)
  const region = sodium.allocate(100)
  region.bytes().set(sentinel, 37)
  t.same(copiesOf(sentinel), [region.at + 37])
  region.free()
  t.same(copiesOf(sentinel), [])
  t.end()
})

t.test('after opening and wiping, no plaintext is in the heap, and the key once', (t) => {
  const plain = randomBytes(3 * CHUNK_BYTES + 777)
  const key = randomBytes(KEY_BYTES)
  const reply = sodium.allocate(AT + plain.length)
  const value = { size: plain.length, sealed: seal(plain, key), at: 0 }
  t.same(copiesOf(key), [], 'sealing leaves no key')
  t.same(tracesOf(plain), [], 'and no plaintext')
  const vault = new MemoryVault(sodium, key, reply, AT)
  const ranges = [
    [0, plain.length],
    [1, plain.length - 1],
    [5, 100],
    [CHUNK_BYTES - 20, 40],
    [CHUNK_BYTES, CHUNK_BYTES],
    [plain.length - 1, 1],
  ] as const
  for (let round = 0; round < 20; round++) {
    for (const [offset, length] of ranges) {
      vault.open(value, offset, length)
      if (round === 0 && offset === 0) t.not(tracesOf(plain).length, 0, 'while open it is there')
      reply.bytes().fill(0, AT, AT + length)
    }
  }
  t.same(tracesOf(plain), [])
  t.equal(copiesOf(key).length, 1, 'the one region of the vault')
  reply.free()
  t.end()
})

t.test('a value that does not authenticate leaves nothing either', (t) => {
  const plain = randomBytes(CHUNK_BYTES)
  const key = randomBytes(KEY_BYTES)
  const reply = sodium.allocate(AT + plain.length)
  const sealed = seal(plain, key)
  sealed[sealed.length - TAG_BYTES] = (sealed[sealed.length - TAG_BYTES] ?? 0) ^ 1
  const vault = new MemoryVault(sodium, key, reply, AT)
  t.throws(() => vault.open({ size: plain.length, sealed, at: 0 }, 0, plain.length))
  t.throws(() => vault.open({ size: plain.length, sealed, at: 0 }, 3, 9))
  t.same(tracesOf(plain), [])
  reply.free()
  t.end()
})

t.test("libsodium's stack and temporary state hold no derived key", (t) => {
  // HChaCha20 of key and nonce is the subkey of every chunk of one value: whoever has it opens that value.
  const plain = randomBytes(64)
  const key = randomBytes(KEY_BYTES)
  const reply = sodium.allocate(AT + plain.length)
  const value = { size: plain.length, sealed: seal(plain, key), at: 0 }
  const vault = new MemoryVault(sodium, key, reply, AT)
  vault.open(value, 0, plain.length)
  reply.wipe()
  const subkey = subkeyOf(key, value.sealed.subarray(0, 16))
  t.equal(subkey.length, KEY_BYTES)
  t.same(copiesOf(subkey), [])
  reply.free()
  t.end()
})

function seal(plain: Uint8Array, key: Uint8Array): Uint8Array {
  const keyRegion = sodium.allocateFrom(key)
  const region = sodium.allocateFrom(plain)
  try {
    return storeValue(sodium, keyRegion, region, randomBytes(PREFIX_BYTES))
  } finally {
    region.free()
    keyRegion.free()
  }
}

/** draft-irtf-cfrg-xchacha, section 2.2. */
function subkeyOf(key: Uint8Array, nonce: Uint8Array): Buffer {
  const words = (bytes: Uint8Array) => new Uint32Array(Uint8Array.from(bytes).buffer)
  const subkey = new Uint32Array(8)
  hchacha(words(Buffer.from('expand 32-byte k')), words(key), words(nonce), subkey)
  return Buffer.from(subkey.buffer)
}
