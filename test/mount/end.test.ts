/** However the server ends, its mount ends with it, and nobody hangs. */
import { readdirSync } from 'node:fs'
import t from 'tap'
import { Client } from '../support/client.ts'
import { waitingRequests } from '../support/connection.ts'
import { descendants } from '../support/memory.ts'
import { mounted } from '../support/mount.ts'
import { hushfs, output } from '../support/process.ts'
import { until } from '../support/until.ts'

const config = { secrets: { token: { source: { text: 'value' } } } }

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`${signal} with an open descriptor`, async (t) => {
    const server = await mounted(t, config)
    const client = new Client(t)
    const open = await client.call('open', server.path('token'))

    server.signal(signal)

    t.equal(await server.ended, 0)
    t.notOk(server.isMounted)
    t.match(await client.outcome('content', open), /^(ENOTCONN|ECONNABORTED)$/)
    t.equal(await client.outcome('close', open), 'done')
    t.strictSame(readdirSync(server.place), [])
  })
}

t.test('Ctrl-C while a reader waits for its answer', async (t) => {
  const server = await mounted(t, config)
  const client = new Client(t)
  const open = await client.call('open', server.path('token'))
  await server.freeze()
  const reading = client.call('content', open).then(String, (error: unknown) => (error as Error).message)
  await until('the read waits', async () => (await waitingRequests(server.place)) > 0)

  server.signal('SIGINT')
  server.signal('SIGCONT')

  t.match(await reading, /^(value|ENOTCONN|ECONNABORTED)$/)
  t.equal(await server.ended, 0)
  t.notOk(server.isMounted)
})

t.test('two signals, one after the other', async (t) => {
  const server = await mounted(t, config)
  server.signal('SIGINT')
  server.signal('SIGTERM')
  server.signal('SIGINT')
  t.equal(await server.ended, 0)
  t.notOk(server.isMounted)
})

t.test('hushfs unmount ends the server', async (t) => {
  const server = await mounted(t, config)
  const { status, stderr } = await hushfs(['unmount', server.place])
  t.equal(status, 0)
  t.equal(stderr, `hushfs: unmounted ${server.place}\n`)
  t.equal(await server.ended, 0)
  t.notOk(server.isMounted)

  const again = await hushfs(['unmount', server.place])
  t.equal(again.status, 1)
  t.match(again.stderr, `${server.place}: no hushfs is mounted there`)
})

t.test(
  'umount --lazy by somebody else: open descriptors read on, the last close ends the server',
  async (t) => {
    const server = await mounted(t, config)
    const client = new Client(t)
    const open = await client.call('open', server.path('token'))
    await output('umount', ['--lazy', server.place])
    t.equal((await client.call('content', open)).toString(), 'value')
    await client.call('close', open)
    t.equal(await server.ended, 0)
  },
)

t.test('no child and no thread of the server stays', async (t) => {
  const server = await mounted(t, config)
  await server.reloaded()
  t.strictSame(descendants(server.pid), [], 'the unseal children are gone')
  server.signal('SIGTERM')
  t.equal(await server.ended, 0)
  t.throws(() => process.kill(server.pid, 0), { code: 'ESRCH' })
})
