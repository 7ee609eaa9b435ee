import { createHash, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { blake2b } from '@noble/hashes/blake2.js'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import t from 'tap'
import { loadSodium, NONCE_BYTES, SEAL_BYTES, TAG_BYTES } from '../../../src/crypto/sodium.ts'

const sodium = await loadSodium()

t.test('a region is zeroed memory that survives the growth of the heap', (t) => {
  const region = sodium.allocate(100)
  t.ok(region.bytes().every((byte) => byte === 0))
  region.bytes().fill(0xab)
  const before = region.bytes()
  const large = sodium.allocate(64 << 20)
  t.equal(before.byteLength, 0, 'the heap has grown and detached the old view')
  t.ok(region.bytes().every((byte) => byte === 0xab))
  large.free()
  region.wipe()
  t.ok(region.bytes().every((byte) => byte === 0))
  region.free()
  t.throws(() => sodium.allocate(2 ** 31), RangeError)
  t.end()
})

t.test('freeing wipes', (t) => {
  const region = sodium.allocateFrom(Buffer.from('sentinel-4a90'))
  region.free()
  t.ok(region.bytes().every((byte) => byte === 0))
  t.end()
})

t.test('encrypt is XChaCha20-Poly1305, with and without associated data, in place too', (t) => {
  const [key, nonce, plain, ad] = [
    randomBytes(32),
    randomBytes(NONCE_BYTES),
    randomBytes(333),
    Buffer.from('ad'),
  ]
  const keyAt = sodium.allocateFrom(key)
  const nonceAt = sodium.allocateFrom(nonce)
  for (const extra of [undefined, ad]) {
    const adAt = extra && sodium.allocateFrom(extra)
    const memory = sodium.allocate(plain.length + TAG_BYTES)
    memory.bytes().set(plain)
    sodium.encrypt(memory.at, memory.at, plain.length, adAt, nonceAt.at, keyAt.at)
    t.same(Buffer.from(memory.bytes()), Buffer.from(xchacha20poly1305(key, nonce, extra).encrypt(plain)))
    const open = () => sodium.decrypt(memory.at, memory.at, memory.length, adAt, nonceAt.at, keyAt.at)
    t.equal(open(), true)
    t.same(Buffer.from(memory.bytes().subarray(0, plain.length)), plain)
    t.equal(open(), false, 'plaintext does not authenticate')
    memory.free()
    adAt?.free()
  }
  t.equal(sodium.decrypt(0, 0, TAG_BYTES - 1, undefined, nonceAt.at, keyAt.at), false, 'shorter than a tag')
  keyAt.free()
  nonceAt.free()
  t.end()
})

/** An X25519 pair of node:crypto: PKCS#8 and SPKI end with the 32 bytes. */
function pair(secret: Buffer) {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret])
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  return { key, publicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32) }
}

t.test('a public key is that of X25519', (t) => {
  const secret = randomBytes(32)
  const region = sodium.allocateFrom(secret)
  t.same(Buffer.from(sodium.publicKeyOf(region)), pair(secret).publicKey)
  region.free()
  t.end()
})

t.test('a sealed box opens with its key pair, and no other', (t) => {
  const alice = sodium.allocateFrom(randomBytes(32))
  const eve = sodium.allocateFrom(randomBytes(32))
  const publicKey = sodium.publicKeyOf(alice)
  const message = sodium.allocateFrom(Buffer.from('a message'))
  const box = sodium.seal(message, publicKey)
  t.equal(box.length, message.length + SEAL_BYTES)
  const opened = sodium.openSeal(box, publicKey, alice)
  t.same(Buffer.from(opened?.bytes() ?? []).toString(), 'a message')
  t.equal(sodium.openSeal(box, sodium.publicKeyOf(eve), eve), undefined)
  for (let at = 0; at < box.length; at++) {
    const broken = Uint8Array.from(box)
    broken[at] = (broken[at] ?? 0) ^ 1
    if (sodium.openSeal(broken, publicKey, alice) !== undefined) t.fail(`byte ${at} does not count`)
  }
  t.equal(sodium.openSeal(box.subarray(0, SEAL_BYTES - 1), publicKey, alice), undefined)
  t.throws(() => sodium.seal(message, publicKey.subarray(1)), { message: '32 bytes expected, got 31' })
  opened?.free()
  for (const region of [alice, eve, message]) region.free()
  t.end()
})

t.test('an Ed25519 public key has the Curve25519 form of its secret key; what is no point has none', (t) => {
  const seed = randomBytes(32)
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const ed25519 = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }))
  const curveSecret = createHash('sha512').update(seed).digest().subarray(0, 32)
  const curve = sodium.curve25519Of(ed25519.export({ format: 'der', type: 'spki' }).subarray(-32))
  t.same(Buffer.from(curve ?? []), pair(curveSecret).publicKey)
  t.equal(sodium.curve25519Of(new Uint8Array(32)), undefined, 'a point of small order')
  t.equal(sodium.curve25519Of(new Uint8Array(32).fill(0xff)), undefined, 'no point')
  t.end()
})

t.test('the keyed hash is BLAKE2b', (t) => {
  const key = randomBytes(32)
  const message = sodium.allocateFrom(randomBytes(77))
  t.same(
    Buffer.from(sodium.keyedHash(message, key, 16)),
    Buffer.from(blake2b(message.bytes().slice(), { key, dkLen: 16 })),
  )
  message.free()
  t.end()
})
