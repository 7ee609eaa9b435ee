import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { mounted, workFolder } from '../support/mount.ts'
import { hushfs, run } from '../support/process.ts'

const config = {
  secrets: {
    good: { source: { text: 'hunter2' } },
    bad: { source: { file: '/nonexistent' } },
    closed: { source: { text: 'hunter2' }, units: [] },
  },
}

t.test('what a mount serves, for people', async (t) => {
  const server = await mounted(t, config)
  await run('cat', [server.path('good'), server.path('closed')])
  const { status, stdout, stderr } = await hushfs(['status', server.place])
  t.equal(status, 0, 'a failing secret is not a failing server')
  t.equal(stderr, '')
  const text = stdout.toString()
  t.match(text, new RegExp(`^mount +${server.place}\nserver +pid ${server.pid}, version \\d`))
  t.match(text, `config       ${server.configFile}\n`)
  t.match(text, /^secrets {6}3 \(1 failing\)\n {2}failing {2}bad since 2\S+Z: \/nonexistent: no such file\n/m)
  t.match(text, /^opens +\d+ \(1 refused\)$/m)
  t.match(text, /^last reload {2}none$/m)
  t.notMatch(text, 'hunter2')
})

t.test('a secret whose last value is kept, since when and why', async (t) => {
  const folder = workFolder(t)
  const file = join(folder, 'well')
  writeFileSync(file, '')
  const command = ['sh', '-c', `printf value; test -e ${file}`]
  const source = { exec: { command, refresh: '1s', stale: true } }
  const server = await mounted(t, { secrets: { kept: { source } } }, { folder })
  rmSync(file)
  await server.heard(/secret kept: its last value is served/)
  const { stdout } = await hushfs(['status', server.place])
  t.match(
    stdout.toString(),
    /^secrets {6}1 \(0 failing, 1 stale\)\n {2}stale {4}kept since 2\S+Z: .*status 1\n/m,
  )
})

t.test('the last reload, done or not', async (t) => {
  const server = await mounted(t, config)
  await server.reloaded()
  const text = async () => (await hushfs(['status', server.place])).stdout.toString()
  t.match(await text(), /^last reload {2}\S+ \(number 1\): done$/m)
  await server.reload('secrets: 3')
  t.match(await text(), /^last reload {2}\S+ \(number 2\): failed, nothing changed: .*secrets/m)
})

t.test('--json is the document of the server', async (t) => {
  const server = await mounted(t, { ...config, mountPoint: 'mnt' })
  const { stdout } = await hushfs(['status', '--json', '--config', server.configFile])
  t.match(JSON.parse(stdout.toString()), {
    pid: server.pid,
    mountPoint: server.place,
    secrets: { total: 3, failing: 1 },
    failing: [{ name: 'bad', reason: '/nonexistent: no such file' }],
    counters: {
      opens: Number,
      reads: Number,
      errors: Number,
      refused: 0,
      auditDropped: 0,
      polledMilliseconds: Number,
    },
  })
})

t.test('no server, or one that does not answer', async (t) => {
  const folder = workFolder(t)
  const none = await hushfs(['status', folder])
  t.equal(none.status, 1)
  t.match(none.stderr, `${folder}: no hushfs is mounted there`)
  t.equal(none.stdout.length, 0)

  const server = await mounted(t, config)
  await server.freeze()
  const stopped = await hushfs(['status', server.place])
  server.signal('SIGCONT')
  t.equal(stopped.status, 1)
  t.match(stopped.stderr, "its server doesn't answer")
})
