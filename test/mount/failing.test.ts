/** A secret that can't be opened is EIO, for it alone, and is named with the reason. */
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../support/client.ts'
import { waitingRequests } from '../support/connection.ts'
import { descendants } from '../support/memory.ts'
import { mounted, workFolder } from '../support/mount.ts'
import { output, run } from '../support/process.ts'
import { sealedSecrets, writeIdentity } from '../support/sealed.ts'
import { until } from '../support/until.ts'

t.test('missing, corrupt, for another identity, too large, not a file', async (t) => {
  const folder = workFolder(t)
  const path = (name: string) => join(folder, name)
  const ours = writeIdentity(path('identity'))
  const theirs = writeIdentity(path('other'))
  const value = new Map([['sealed', Buffer.from('value')]])
  const sealed = { ...(await sealedSecrets(folder, ours, value)) }
  const foreign = await sealedSecrets(path('foreign'), theirs, new Map([['foreign', Buffer.from('value')]]))
  const truncated = await sealedSecrets(folder, ours, new Map([['truncated', Buffer.from('value')]]))
  truncateSync(path('truncated.sealed'), 150)
  const flipped = await sealedSecrets(folder, ours, new Map([['flipped', Buffer.from('value')]]))
  const bytes = readFileSync(path('flipped.sealed'))
  bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1
  writeFileSync(path('flipped.sealed'), bytes)
  writeFileSync(path('large'), Buffer.alloc((1 << 20) + 1))
  mkdirSync(path('folder'))
  await output('mkfifo', [path('fifo')])
  const bad: Record<string, [secret: object, place: string]> = {
    missing: [{ source: { file: path('absent') } }, 'absent'],
    truncated: [truncated['truncated'] ?? {}, 'truncated.sealed'],
    flipped: [flipped['flipped'] ?? {}, 'flipped.sealed'],
    foreign: [foreign['foreign'] ?? {}, 'foreign.sealed'],
    swapped: [{ source: { sealed: path('sealed.sealed') } }, 'sealed.sealed'],
    large: [{ source: { file: path('large') } }, 'large'],
    folder: [{ source: { file: path('folder') } }, 'folder'],
    fifo: [{ source: { file: path('fifo') } }, 'fifo'],
  }
  const secrets = Object.fromEntries(Object.entries(bad).map(([name, [secret]]) => [name, secret]))
  const config = { identities: [path('identity')], secrets: { ...secrets, ...sealed } }
  const server = await mounted(t, config, { folder })

  t.match(server.log, 'ready: 9 secrets (8 failing)')
  t.equal((await server.cat('sealed')).toString(), 'value')
  const { failing } = await server.status()
  t.strictSame(failing.map(({ name }) => name).sort(), Object.keys(bad).sort())
  for (const [name, [, place]] of Object.entries(bad)) {
    t.match((await run('cat', [server.path(name)])).stderr, 'Input/output error', name)
    t.match(failing.find((one) => one.name === name)?.reason, place)
    t.match(server.log, `secret ${name}: `)
  }
  t.equal((await output('ls', [server.place])).toString().trim().split('\n').length, 9, 'they are listed')
})

t.test(
  'a missing identity file: what it would open fails, with that reason; the rest is served',
  async (t) => {
    const folder = workFolder(t)
    const recipient = writeIdentity(join(folder, 'identity'))
    const secrets = await sealedSecrets(folder, recipient, new Map([['sealed', Buffer.from('value')]]))
    const config = (identity: string) => ({
      identities: [join(folder, identity)],
      secrets: { ...secrets, plain: { source: { text: 'value' } } },
    })
    const server = await mounted(t, config('absent'), { folder })
    t.match((await run('cat', [server.path('sealed')])).stderr, 'Input/output error')
    t.match((await server.status()).failing[0]?.reason, `${folder}/absent: no such file`)
    t.equal((await server.cat('plain')).toString(), 'value')

    await server.reloaded(config('identity'))
    t.equal((await server.cat('sealed')).toString(), 'value', 'and is served when it is there')
    t.strictSame((await server.status()).failing, [])
  },
)

t.test('a secret that breaks at a reload: descriptors keep the value, new opens fail', async (t) => {
  const folder = workFolder(t)
  const file = join(folder, 'value')
  writeFileSync(file, 'value')
  const server = await mounted(t, { secrets: { token: { source: { file } } } }, { folder })
  const client = new Client(t)
  const open = await client.call('open', server.path('token'))
  writeFileSync(file, Buffer.alloc((1 << 20) + 1))
  await server.reloaded()
  t.equal(await client.outcome('open', server.path('token')), 'EIO')
  t.equal((await client.call('content', open)).toString(), 'value')
  writeFileSync(file, 'again')
  await server.reloaded()
  t.equal((await client.read(server.path('token'))).toString(), 'again')
})

t.test('a source on a filesystem that hangs, and unseal children that are killed there', async (t) => {
  // The filesystem that hangs is another hushfs, whose server is stopped.
  const slow = await mounted(t, { secrets: { value: { source: { text: 'slow' } } } })
  const names = ['a', 'b', 'c', 'd']
  const config = (stuck: string) => ({
    secrets: Object.fromEntries([
      ...names.map((name) => [name, { source: { text: `value of ${name}` } }]),
      [stuck, { source: { file: slow.path('value') } }],
    ]) as object,
  })
  const server = await mounted(t, config('b'))
  const client = new Client(t)
  t.equal((await server.cat('b')).toString(), 'slow')
  await slow.freeze()
  const reload = server.reload()
  const killed: number[] = []
  // The first child's results come in batches, so it is only the second that tells whose fault it is.
  while (killed.length < 2) {
    const isNew = () => descendants(server.pid).filter((pid) => !killed.includes(pid))
    await until('a child waits', async () => isNew().length > 0 && (await waitingRequests(slow.place)) > 0)
    t.equal(
      (await client.read(server.path('a'))).toString(),
      'value of a',
      'the old values are served meanwhile',
    )
    const [child = 0] = isNew()
    process.kill(child, 'SIGKILL')
    killed.push(child)
    await until('the child is gone', () => !descendants(server.pid).includes(child))
  }
  t.equal((await reload).status, 0)
  t.match((await server.status()).failing, [{ name: 'b', reason: 'ended by SIGKILL' }])
  t.equal(await client.outcome('open', server.path('b')), 'EIO')
  for (const name of ['a', 'c', 'd']) t.equal((await server.cat(name)).toString(), `value of ${name}`)

  slow.signal('SIGCONT')
  await server.reloaded()
  t.equal((await server.cat('b')).toString(), 'slow')
})
