/** What stat(2) shows, and when it changes. */
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../support/client.ts'
import { mounted, workFolder } from '../support/mount.ts'

t.test('a changed mode, owner or group is seen at once, by open descriptors too', async (t) => {
  const config = (rest: object) => ({ secrets: { token: { source: { text: 'same' }, ...rest } } })
  const server = await mounted(t, config({ mode: '0400' }))
  const client = new Client(t)
  const open = await client.call('open', server.path('token'))
  t.match(await client.call('stat', server.path('token')), { mode: 0o100400, uid: 0, gid: 0 })

  await server.reloaded(config({ mode: '0640', owner: 1, group: 2 }))

  const changed = { mode: 0o100640, uid: 1, gid: 2, size: 4 }
  t.match(await client.call('stat', server.path('token')), changed)
  t.match(await client.call('fstat', open), changed)
})

t.test('mtime is when the value last changed, and an unchanged value keeps it', async (t) => {
  const folder = workFolder(t)
  const file = join(folder, 'value')
  const config = (mode: string) => ({
    secrets: { token: { source: { file }, mode }, other: { source: { text: 'same' } } },
  })
  writeFileSync(file, 'first')
  utimesSync(file, 1_000_000_000, 1_000_000_000)
  const server = await mounted(t, config('0400'), { folder })
  const client = new Client(t)
  const stat = () => client.call('stat', server.path('token'))
  t.equal((await stat()).mtimeMs, 1_000_000_000_000)
  const other = await client.call('stat', server.path('other'))

  writeFileSync(file, 'first')
  await server.reloaded(config('0440'))
  t.equal((await stat()).mtimeMs, 1_000_000_000_000, 'a file that was written anew with the same bytes')
  t.equal((await client.call('stat', server.path('other'))).mtimeMs, other.mtimeMs)

  writeFileSync(file, 'second')
  const before = Math.floor(Date.now() / 1000) * 1000
  await server.reloaded()
  t.ok((await stat()).mtimeMs >= before)
})

t.test('inode numbers are the same after a reload and in another mount', async (t) => {
  const names = ['a', 'db/a', 'db/b', 'db']
  const config = (text: string) => ({
    secrets: { a: { source: { text } }, 'db/a': { source: { text } }, 'db/b': { source: { text } } },
  })
  const inodes = async (client: Client, path: (name: string) => string) => {
    const numbers: number[] = []
    for (const name of names) numbers.push((await client.call('stat', path(name))).ino)
    return numbers
  }
  const server = await mounted(t, config('first'))
  const client = new Client(t)
  const first = await inodes(client, (name) => server.path(name))
  t.equal(new Set(first).size, names.length)

  await server.reloaded(config('second'))
  t.strictSame(await inodes(client, (name) => server.path(name)), first)
  await server.end()

  const later = await mounted(t, config('third'))
  t.strictSame(await inodes(client, (name) => later.path(name)), first)
})

t.test('the mount has the options that the contract names', async (t) => {
  const server = await mounted(t, { secrets: { a: { source: { text: 'x' } } }, directoryMode: '0755' })
  const client = new Client(t)
  t.equal((await client.call('stat', server.place)).mode, 0o040755)
  const entry = server.mountEntry
  t.match(entry?.options.split(',').sort(), ['noatime', 'nodev', 'noexec', 'nosuid', 'ro'])
  t.match(entry, { type: 'fuse.hushfs', source: 'hushfs' })
})
