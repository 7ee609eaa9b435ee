/**
 * mmap(2), sendfile(2) and splice(2) go through the page cache of the kernel, which one file has for all its descriptors. No page of an old value may be
 * served to a new one.
 */
import t from 'tap'
import { Client } from '../support/client.ts'
import { mounted } from '../support/mount.ts'

const config = (text: string) => ({ secrets: { token: { source: { text } } } })
const first = 'first '.repeat(2000)
// As long as the first: the kernel drops the pages of a file whose size changes by itself (fs/fuse/inode.c, fuse_change_attributes).
const second = 'second'.repeat(2000)

for (const how of ['send', 'map'] as const) {
  t.test(`${how}: a new descriptor after a change has the new value`, async (t) => {
    const server = await mounted(t, config(first))
    const client = new Client(t)
    t.equal((await client[how](server.path('token'))).toString(), first)
    await server.reloaded(config(second))
    t.equal((await client[how](server.path('token'))).toString(), second)
    await server.reloaded(config('3'))
    t.equal((await client[how](server.path('token'))).toString(), '3')
  })

  t.test(
    `${how}: also while an old descriptor is open, whose pages were cached before the change`,
    async (t) => {
      const server = await mounted(t, config(first))
      const client = new Client(t)
      const old = await client.call('open', server.path('token'))
      t.equal((await client.call('sent', old)).toString(), first)
      await server.reloaded(config(second))
      t.equal((await client[how](server.path('token'))).toString(), second)
      t.equal((await client.call('content', old)).toString(), first, 'read(2) of the old descriptor')
    },
  )
}

t.test('the value of an old descriptor never gets into the cache again', async (t) => {
  const server = await mounted(t, config(first))
  const [client, mapper] = [new Client(t), new Client(t)]
  const old = await client.call('open', server.path('token'))
  const oldOfMapper = await mapper.call('open', server.path('token'))

  await server.reloaded(config(second))
  const fresh = await client.call('open', server.path('token'))

  t.equal(await client.outcome('sent', old), 'ESTALE')
  t.equal(await mapper.outcome('mapped', oldOfMapper), 'ended: SIGBUS')
  t.equal((await client.call('mapped', fresh)).toString(), second)
  t.equal((await client.call('sent', fresh)).toString(), second)
  t.equal((await client.call('fstat', fresh)).size, second.length)
  t.equal((await client.send(server.path('token'))).toString(), second)
  t.equal((await client.call('content', old)).toString(), first, 'read(2) is not concerned')
})

t.test('what went through the cache is not what another secret shows', async (t) => {
  const server = await mounted(t, {
    secrets: { a: { source: { text: first } }, b: { source: { text: second } } },
  })
  const client = new Client(t)
  t.equal((await client.send(server.path('a'))).toString(), first)
  t.equal((await client.map(server.path('b'))).toString(), second)
  await server.reloaded({ secrets: { a: { source: { text: second } }, b: { source: { text: first } } } })
  t.equal((await client.map(server.path('a'))).toString(), second)
  t.equal((await client.send(server.path('b'))).toString(), first)
})
