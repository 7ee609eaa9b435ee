/** What is read is what was stored, byte for byte, whichever way it is read. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { CHUNK_BYTES } from '../../src/vault/value.ts'
import { Client } from '../support/client.ts'
import { mounted, workFolder, type Mounted } from '../support/mount.ts'
import { output } from '../support/process.ts'
import { plainSecrets, seededBytes, seededFraction } from '../support/values.ts'

t.setTimeout(110_000)

const MIB = 1 << 20
const SECRETS = 1000
const READERS = 64
const FILES_PER_READER = 100
/** Milliseconds; generous, because all readers share the machine with whatever else runs. */
const READ_WITHIN = 90_000

/** Around the borders of pages, of chunks in memory, and of what a secret may be; then sizes from 1 byte to 1 MiB, the small ones more often. */
const borders = [4096, CHUNK_BYTES, 2 * CHUNK_BYTES, 131_072, MIB].flatMap((at) => [at - 1, at, at + 1])
const chosen = [0, 1, 2, ...borders.filter((size) => size <= MIB)]
const sizeOf = (index: number) =>
  chosen[index] ?? Math.max(1, Math.floor(2 ** (20 * seededFraction(`size ${index}`))))

const values = new Map(
  Array.from({ length: SECRETS }, (_, index) => {
    const name = `group-${index % 10}/secret-${String(index).padStart(4, '0')}`
    return [name, seededBytes(name, sizeOf(index))] as const
  }),
)
const names = [...values.keys()]
/** The bytes of a secret; asked for a name that exists. */
const valueOf = (name: string) => values.get(name) ?? Buffer.alloc(0)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

let server: Mounted
let plain: string
t.before(async () => {
  const folder = workFolder(t)
  plain = join(folder, 'plain')
  server = await mounted(t, { secrets: plainSecrets(plain, values), directoryMode: '0755' }, { folder })
})

t.test('cat', async (t) => {
  const client = new Client(t)
  const wrong: string[] = []
  for (const [name, value] of values) {
    t.equal((await client.call('stat', server.path(name))).size, value.length, name)
  }
  // One cat for many files: their concatenation.
  for (let at = 0; at < names.length; at += 50) {
    const some = names.slice(at, at + 50)
    const bytes = await output(
      'cat',
      some.map((name) => server.path(name)),
    )
    if (!bytes.equals(Buffer.concat(some.map(valueOf)))) wrong.push(...some)
  }
  t.strictSame(wrong, [])
})

t.test('dd with odd offsets and sizes', async (t) => {
  for (const name of names.slice(0, chosen.length)) {
    const value = valueOf(name)
    for (const [block, skip, count] of [
      [7, 3, 1000],
      [1021, 1, 13],
      [4093, 4, 5],
      [16_381, 1, 3],
      [65_537, 0, 20],
      [1_048_575, 1, 1],
    ] as const) {
      const sizes = [`bs=${block}`, `skip=${skip}`, `count=${count}`]
      const bytes = await output('dd', [`if=${server.path(name)}`, 'status=none', ...sizes])
      t.ok(bytes.equals(value.subarray(block * skip, block * (skip + count))), `${name} ${sizes.join(' ')}`)
    }
  }
})

t.test('pread at random places, past the end too', async (t) => {
  const client = new Client(t)
  for (const name of names.slice(0, chosen.length)) {
    const value = valueOf(name)
    const fd = await client.call('open', server.path(name))
    for (let step = 0; step < 20; step++) {
      const offset = Math.floor(seededFraction(`offset ${name} ${step}`) * (value.length + 10))
      const length = 1 + Math.floor(seededFraction(`length ${name} ${step}`) * 70_000)
      const part = Buffer.from(await client.call('pread', fd, length, offset))
      t.ok(part.equals(value.subarray(offset, offset + length)), `${name} ${offset}+${length}`)
    }
    await client.call('close', fd)
  }
})

for (const [what, how] of [
  ['mmap, MAP_PRIVATE', 'map'],
  ['sendfile', 'send'],
] as const) {
  t.test(what, async (t) => {
    const client = new Client(t)
    const wrong: string[] = []
    for (const [name, value] of values) {
      // mmap(2) of an empty file is EINVAL on every filesystem.
      if (how === 'map' && value.length === 0) continue
      if (sha256(await client[how](server.path(name))) !== sha256(value)) wrong.push(name)
    }
    t.strictSame(wrong, [])
  })
}

t.test(`${READERS} readers at a time`, async (t) => {
  const readers = Array.from({ length: READERS }, async (_, reader) => {
    const own = Array.from({ length: FILES_PER_READER }, (_, step) => {
      const index = Math.floor(seededFraction(`reader ${reader} ${step}`) * SECRETS)
      return names[index] ?? ''
    })
    const sum = await output(
      'sh',
      ['-c', 'cat "$@" | sha256sum', 'sh', ...own.map((name) => server.path(name))],
      { timeout: READ_WITHIN },
    )
    return { reader, sum: sum.toString().slice(0, 64), expected: sha256(Buffer.concat(own.map(valueOf))) }
  })
  for (const { reader, sum, expected } of await Promise.all(readers))
    t.equal(sum, expected, `reader ${reader}`)
})
