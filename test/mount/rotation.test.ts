/** A changed value replaces the old one like an atomic rename. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../support/client.ts'
import { mounted, type ConfigInput } from '../support/mount.ts'

const config = (secrets: Record<string, string>): ConfigInput => ({
  secrets: Object.fromEntries(Object.entries(secrets).map(([name, text]) => [name, { source: { text } }])),
})

t.test('a new open sees the new value, an open descriptor keeps the old one', async (t) => {
  const server = await mounted(t, config({ token: 'first', other: 'same' }))
  const client = new Client(t)
  const first = await client.call('open', server.path('token'))

  await server.reloaded(config({ token: 'second, longer', other: 'same' }))
  const second = await client.call('open', server.path('token'))
  t.equal((await client.read(server.path('token'))).toString(), 'second, longer')
  t.equal((await client.call('content', first)).toString(), 'first')

  await server.reloaded(config({ token: '3rd', other: 'same' }))
  t.equal((await client.read(server.path('token'))).toString(), '3rd')
  t.equal((await client.call('content', second)).toString(), 'second, longer')
  t.equal((await client.call('content', first)).toString(), 'first')
  t.equal((await client.call('stat', server.path('token'))).size, 3)
})

t.test('a value that comes back is the value again, for old and new descriptors', async (t) => {
  const server = await mounted(t, config({ token: 'first' }))
  const client = new Client(t)
  const first = await client.call('open', server.path('token'))
  await server.reloaded(config({ token: 'second' }))
  const second = await client.call('open', server.path('token'))
  await server.reloaded(config({ token: 'first' }))
  const third = await client.call('open', server.path('token'))
  t.equal((await client.call('content', first)).toString(), 'first')
  t.equal((await client.call('content', second)).toString(), 'second')
  t.equal((await client.call('content', third)).toString(), 'first')
  await client.call('close', first)
  t.equal((await client.call('content', third)).toString(), 'first')
  await server.reloaded(config({ token: 'last' }))
  t.equal((await client.call('content', second)).toString(), 'second')
  t.equal((await client.call('content', third)).toString(), 'first')
})

t.test('a removed secret is gone at once, and stays readable where it is open', async (t) => {
  const server = await mounted(t, config({ 'db/token': 'value', other: 'same' }))
  const client = new Client(t)
  const open = await client.call('open', server.path('db/token'))

  await server.reloaded(config({ other: 'same' }))

  t.equal(await client.outcome('open', server.path('db/token')), 'ENOENT')
  t.strictSame(await client.call('list', server.place), ['other'])
  t.equal((await client.call('content', open)).toString(), 'value')
  t.equal((await client.call('fstat', open)).size, 5)

  await server.reloaded(config({ 'db/token': 'again', other: 'same' }))
  t.equal((await client.call('content', open)).toString(), 'value')
  t.equal((await client.read(server.path('db/token'))).toString(), 'again')
})

t.test('names and folders appear and vanish', async (t) => {
  const server = await mounted(t, config({ a: '1', 'x/y/deep': '2' }))
  const client = new Client(t)
  t.equal(await client.outcome('open', server.path('new/name')), 'ENOENT')
  t.strictSame(await client.call('list', server.path('x/y')), ['deep'])

  await server.reloaded(config({ a: '1', 'new/name': '3', 'x/z': '4' }))

  t.equal((await client.read(server.path('new/name'))).toString(), '3')
  t.equal((await client.read(server.path('x/z'))).toString(), '4')
  t.strictSame((await client.call('list', server.place)).sort(), ['a', 'new', 'x'])
  t.strictSame(await client.call('list', server.path('x')), ['z'])
  t.equal(await client.outcome('stat', server.path('x/y')), 'ENOENT')
  t.equal(await client.outcome('stat', server.path('x/y/deep')), 'ENOENT')
  t.equal((await client.call('stat', server.place)).nlink, 4)
})

t.test('a file may become a folder, and a folder a file', async (t) => {
  const server = await mounted(t, config({ a: 'file', 'b/c': 'deep' }))
  const client = new Client(t)
  t.equal((await client.read(server.path('a'))).toString(), 'file')
  t.equal((await client.read(server.path('b/c'))).toString(), 'deep')

  await server.reloaded(config({ 'a/c': 'deep', b: 'file' }))

  t.equal((await client.read(server.path('a/c'))).toString(), 'deep')
  t.equal((await client.read(server.path('b'))).toString(), 'file')
})

t.test('readers during changes get whole values and no errors', async (t) => {
  const values = Array.from({ length: 8 }, (_, n) => String(n).repeat(60_000 + n * 7_000))
  const server = await mounted(t, config({ token: values[0] ?? '' }))
  const readers = [new Client(t), new Client(t)]
  const end = join(server.folder, 'end')
  const reading = Promise.all(readers.map((reader) => reader.call('contents', server.path('token'), end)))
  for (const value of values.slice(1)) await server.reloaded(config({ token: value }))
  writeFileSync(end, '')

  for (const contents of await reading) {
    t.ok(contents.length > 1, 'the reader has seen a change')
    for (const content of contents)
      t.ok(values.includes(content), `${content.length} bytes of ${content[0] ?? ''}`)
  }
})
