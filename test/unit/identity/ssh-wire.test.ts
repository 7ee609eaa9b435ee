import t from 'tap'
import { IdentityError } from '../../../src/base/errors.ts'
import { ed25519Blob, rsaBlob, SshReader } from '../../../src/identity/ssh-wire.ts'

const reader = (...bytes: number[]) => new SshReader(Uint8Array.from(bytes), 'origin')

t.test('data types of RFC 4251, section 5', (t) => {
  t.equal(reader(0x29, 0xb7, 0xf4, 0xaa).uint32(), 699921578)
  t.equal(reader(0xff, 0xff, 0xff, 0xff).uint32(), 0xffffffff)
  t.same(reader(0, 0, 0, 2, 7, 8, 9).string(), Uint8Array.of(7, 8))
  t.equal(reader(0, 0, 0, 4, 0x6e, 0x6f, 0x6e, 0x65).name(), 'none')
  t.same(reader(0, 0, 0, 2, 0x12, 0x34).positive(), Uint8Array.of(0x12, 0x34))
  t.same(reader(0, 0, 0, 2, 0, 0x80).positive(), Uint8Array.of(0x80))
  const two = reader(0, 0, 0, 1, 7, 0, 0, 0, 0, 9)
  t.same([two.string(), two.string(), two.remaining], [Uint8Array.of(7), Uint8Array.of(), 1])
  t.end()
})

t.test('what ends early, at every length', (t) => {
  for (const bytes of [[], [0], [0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 3, 1, 2], [0xff, 0xff, 0xff, 0xff, 1]])
    t.throws(() => reader(...bytes).string(), IdentityError, bytes.join(' '))
  t.throws(() => reader(1).take(2), { message: /^origin: / })
  t.end()
})

t.test('integers that are not positive and minimal', (t) => {
  for (const bytes of [
    [0, 0, 0, 0],
    [0, 0, 0, 1, 0],
    [0, 0, 0, 1, 0x80],
    [0, 0, 0, 2, 0, 0x7f],
  ])
    t.throws(() => reader(...bytes).positive(), IdentityError, bytes.join(' '))
  t.end()
})

t.test('names that are not names', (t) => {
  t.throws(() => reader(0, 0, 0, 1, 0x20).name(), IdentityError)
  t.throws(() => reader(0, 0, 0, 1, 0x7f).name(), IdentityError)
  t.throws(() => reader(0, 0, 0, 65, ...Array<number>(65).fill(0x41)).name(), IdentityError)
  t.equal(reader(0, 0, 0, 64, ...Array<number>(64).fill(0x41)).name().length, 64)
  t.end()
})

t.test('public keys', (t) => {
  t.equal(
    Buffer.from(ed25519Blob(Uint8Array.of(1, 2))).toString('latin1'),
    '\0\0\0\vssh-ed25519\0\0\0\x02\x01\x02',
  )
  t.equal(
    Buffer.from(rsaBlob(Uint8Array.of(3), Uint8Array.of(0x80))).toString('latin1'),
    '\0\0\0\x07ssh-rsa\0\0\0\x01\x03\0\0\0\x02\0\x80',
  )
  t.end()
})
