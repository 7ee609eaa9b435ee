/** Secrets that come from commands: none holds up another, and no command outlives the server. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { waitingRequests } from '../support/connection.ts'
import { mounted, workFolder } from '../support/mount.ts'
import { output, run } from '../support/process.ts'
import { until } from '../support/until.ts'

const exec = (script: string, rest: object = {}) => ({
  source: { exec: { command: ['/bin/sh', '-c', script], timeout: '1m', ...rest } },
})

t.test('commands that are slow delay neither the others nor each other', async (t) => {
  const folder = workFolder(t)
  const fifos = Array.from({ length: 12 }, (_, index) => join(folder, `fifo${index}`))
  await output('mkfifo', fifos)
  const slow = fifos.map((fifo, index): [string, object] => [`slow/${index}`, exec(`cat ${fifo}`)])
  const secrets = Object.fromEntries<object>([
    ...slow,
    ['fast', exec('printf value')],
    ['text', { source: { text: 'value' } }],
  ])
  const server = await mounted(t, { secrets }, { folder })
  t.match(server.log, 'ready: 14 secrets (0 failing, 13 being opened)')
  t.equal((await server.cat('text')).toString(), 'value')

  const reads = fifos.map((_, index) => output('cat', [server.path(`slow/${index}`)]))
  const fast = output('cat', [server.path('fast')])
  await until('all wait', async () => (await waitingRequests(server.place)) === 13)
  writeFileSync(fifos[7] ?? '', 'seven')
  t.equal((await reads[7])?.toString(), 'seven', 'the last of those that run')
  writeFileSync(fifos[8] ?? '', 'eight')
  t.equal((await reads[8])?.toString(), 'eight', 'one that had to wait for its turn')
  for (const index of [0, 1, 2, 3, 4, 5, 6, 9, 10, 11]) writeFileSync(fifos[index] ?? '', `${index}`)
  t.equal((await fast).toString(), 'value')
  for (const index of [0, 11]) t.equal((await reads[index])?.toString(), `${index}`)
  await Promise.all(reads)
})

t.test('a command that fails is EIO, with its reason and what it wrote to standard error', async (t) => {
  const server = await mounted(t, {
    secrets: {
      broken: exec('echo value; echo the vault is sealed >&2; exit 3'),
      late: exec('echo value; sleep 1000', { timeout: '1s' }),
      good: exec('printf value'),
    },
  })
  await server.heard(/secret late: .*killed/)
  t.match(server.log, 'secret broken: /bin/sh: the vault is sealed')
  t.match(server.log, 'secret broken: /bin/sh: it exited with status 3')
  t.notMatch(server.log, 'value')
  t.equal((await server.cat('good')).toString(), 'value')
  t.match((await run('cat', [server.path('broken')])).stderr, 'Input/output error')
  t.match((await run('cat', [server.path('late')])).stderr, 'Input/output error')
})

t.test('a command is run again for its own secret, also when a reload has moved that', async (t) => {
  const folder = workFolder(t)
  const file = join(folder, 'value')
  writeFileSync(file, 'old')
  const token = exec(`cat ${file}`, { refresh: '1s' })
  const server = await mounted(t, { secrets: { token } }, { folder })
  await server.reloaded({ secrets: { before: exec('printf before'), token } })
  writeFileSync(file, 'new')
  await until('it was run again', async () => (await server.cat('token')).toString() === 'new')
  t.equal((await server.cat('before')).toString(), 'before')
})

t.test('a command has no descriptor of the server and nothing of its environment', async (t) => {
  const server = await mounted(
    t,
    { secrets: { fds: exec('ls -l /proc/self/fd'), env: { source: { exec: { command: ['env'] } } } } },
    { env: { SENTINEL: 'x', CREDENTIALS_DIRECTORY: '/nonexistent', JOURNAL_STREAM: '1:2' } },
  )
  const fds = (await server.cat('fds')).toString()
  t.match(fds, /pipe:/)
  t.notMatch(fds, /fuse|eventfd|hushfs/)
  t.equal((await server.cat('env')).length, 0)
})

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  t.test(`no command outlives a server that gets ${signal}`, async (t) => {
    const folder = workFolder(t)
    const file = join(folder, 'pids')
    const server = await mounted(
      t,
      { secrets: { slow: exec(`sleep 1000 & echo $! $$ >${file}; wait`), text: { source: { text: 'x' } } } },
      { folder },
    )
    await until('it runs', () => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'))
    const pids = readFileSync(file, 'utf8').trim().split(' ')
    server.signal(signal)
    await server.ended
    await until('the command and its child are gone', () => !pids.some((pid) => existsSync(`/proc/${pid}`)))
    t.pass('gone')
  })
}
