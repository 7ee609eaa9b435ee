/** `.hushfs/status.json` and `.hushfs/metrics`: for root only, never listed. */
import t from 'tap'
import { catAs, mounted } from '../support/mount.ts'
import { output, run } from '../support/process.ts'

const NOBODY = 65_534

t.test('what it says, and to whom', async (t) => {
  const config = {
    directoryMode: '0755',
    secrets: { a: { source: { text: 'hunter2' } }, b: { source: { file: '/nonexistent' } } },
  }
  const server = await mounted(t, config)
  const file = server.path('.hushfs/status.json')

  t.match(await server.status(), {
    pid: server.pid,
    mountPoint: server.place,
    config: server.configFile,
    generation: 1,
    secrets: { total: 2, failing: 1 },
    failing: [{ name: 'b', reason: '/nonexistent: no such file' }],
    reloads: { count: 0, last: null },
  })
  t.notMatch((await server.cat('.hushfs/status.json')).toString(), 'hunter2')

  const format = ['--format=%a %U:%G %F']
  t.equal((await output('stat', [...format, file])).toString(), '400 root:root regular empty file\n')
  t.equal((await output('stat', [...format, server.path('.hushfs')])).toString(), '700 root:root directory\n')
  t.match((await catAs(NOBODY, NOBODY, [], file)).stderr, 'Permission denied')
  t.equal((await output('ls', ['-A', server.place])).toString(), 'a\nb\n')
  t.match((await run('sh', ['-c', 'echo > "$0"', file])).stderr, 'Read-only file system')
})

t.test('the same for Prometheus', async (t) => {
  const server = await mounted(t, {
    secrets: { a: { source: { text: 'hunter2' } }, b: { source: { file: '/nonexistent' } } },
  })
  await server.cat('a')
  const metrics = (await server.cat('.hushfs/metrics')).toString()
  const samples = metrics.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  for (const line of samples) t.match(line, /^hushfs_[a-z_]+(\{[a-z]+="[^"\\]*"\})? [0-9.]+$/)
  t.ok(samples.includes('hushfs_secrets 2'))
  t.ok(samples.includes('hushfs_secrets_failing 1'))
  t.ok(samples.includes('hushfs_opens_total 1'), 'that of the secret')
  t.match(metrics, /^# TYPE hushfs_opens_total counter\nhushfs_opens_total /m)
  t.match(metrics, /^hushfs_secret_failing_since_seconds\{secret="b"\} \d{10}/m)
  t.match((await catAs(NOBODY, NOBODY, [], server.path('.hushfs/metrics'))).stderr, 'Permission denied')
})

t.test('it follows reloads, and counts', async (t) => {
  const server = await mounted(t, { secrets: { a: { source: { text: 'value' } } } })
  await server.cat('a')
  await server.reloaded({ secrets: { a: { source: { text: 'other' } } } })
  const status = await server.status()
  t.match(status, { generation: 2, secrets: { total: 1 }, reloads: { count: 1, last: { exitStatus: 0 } } })
  t.match(status, { counters: { opens: Number, reads: Number, errors: 0 } })
})
