import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { AuditRecord } from '../../src/audit/record.ts'
import { mounted, type Mounted } from '../support/mount.ts'
import { dist, hushfs, run } from '../support/process.ts'
import { TestUnit } from '../support/units.ts'
import { until } from '../support/until.ts'

const SENTINEL = 'hushfs-sentinel-77aa'

/** A mount on which foo read `ours` and bar and the test itself were refused. */
async function audited(t: Test) {
  const [foo, bar] = [new TestUnit(t), new TestUnit(t)]
  const config = {
    secrets: {
      'db/ours': { source: { text: SENTINEL }, units: [foo.name] },
      free: { source: { text: SENTINEL } },
      broken: { source: { file: '/nonexistent' } },
    },
  }
  const server = await mounted(t, config)
  await foo.cat(server.path('db/ours'))
  await bar.cat(server.path('db/ours'))
  await run('cat', [server.path('free'), server.path('broken')])
  const audit = (...args: string[]) => hushfs(['audit', server.place, ...args])
  const records = async (...args: string[]) => recordsIn((await audit('--json', ...args)).stdout.toString())
  return { foo, bar, server, config, audit, records }
}

const recordsIn = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AuditRecord)

t.test('a line for each record', async (t) => {
  const { audit, foo, bar } = await audited(t)
  const { status, stdout, stderr } = await audit()
  t.equal(status, 0)
  t.equal(stderr, '')
  const lines = stdout.toString().trimEnd().split('\n')
  t.equal(lines.length, 4)
  t.match(lines[0], /^\d{4}-\d\d-\d\dT[\d:.]+Z {2}allowed {2}open {2}db\/ours {2}/)
  t.match(lines[0], `  ${foo.name}  cat[`)
  t.match(lines[1], `denied   open  db/ours  ${bar.name}  cat[`)
  t.match(lines[1], `uid 0  ${bar.name} is none of the units that may read`)
  t.match(lines[2], /allowed {2}open {2}free {2}- {2}cat\[\d+\] {2}uid 0 {2}no unit rule$/)
  t.match(lines[3], /failed {3}open {2}broken .*\/nonexistent: no such file$/)
  t.notMatch(stdout.toString(), SENTINEL)
})

t.test('filters combine; JSON is one record a line', async (t) => {
  const { records, audit, foo, bar } = await audited(t)
  const secrets = async (...args: string[]) => (await records(...args)).map(({ secret }) => secret)
  t.strictSame(await secrets(), ['db/ours', 'db/ours', 'free', 'broken'])
  t.strictSame(await secrets('--secret', 'free'), ['free'])
  t.strictSame(await secrets('--secret', '*r*'), ['db/ours', 'db/ours', 'free', 'broken'])
  t.strictSame(await secrets('--secret', 'db/*', '--unit', foo.name), ['db/ours'])
  t.strictSame(await secrets('--unit', `${foo.name.slice(0, 12)}*`), ['db/ours', 'db/ours'])
  t.match(await records('--denied'), [{ unit: bar.name, decision: 'denied', uid: 0, comm: 'cat', count: 1 }])
  t.strictSame(await secrets('--denied', '--secret', 'free'), [])
  t.strictSame(await secrets('--denied', '--unit', foo.name), [])
  t.equal((await audit('--secret', 'nothing')).status, 0)
})

t.test('identical refusals are one record with their number', async (t) => {
  const { server, records } = await audited(t)
  const script = 'for i in 1 2 3; do read -r x < "$0"; done'
  await run('bash', ['-c', script, server.path('db/ours')])
  t.match((await records('--denied')).at(-1), { comm: 'bash', count: 3 })
})

/** `hushfs audit -f`, what it has said, and its end. */
function follow(t: Test, server: Mounted, ...args: string[]) {
  const program = [join(dist, 'hushfs.js'), 'audit', '-f', '--json', server.place, ...args]
  const child: ChildProcess = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  child.stdout?.on('data', (piece: Buffer) => (said.stdout += piece.toString()))
  child.stderr?.on('data', (piece: Buffer) => (said.stderr += piece.toString()))
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    said,
    child,
    ended,
    records: () => recordsIn(said.stdout.slice(0, said.stdout.lastIndexOf('\n') + 1)),
  }
}

t.test('-f goes on with what comes, over a restart of the server, until Ctrl-C', async (t) => {
  const { server, config, bar } = await audited(t)
  const following = follow(t, server, '--denied')
  const seen = () => following.records().length
  await until('it shows what is there', () => seen() === 1)
  await bar.cat(server.path('db/ours'))
  await until('it shows what came', () => seen() === 2)

  server.signal('SIGTERM')
  await server.ended
  await until('it waits', () => following.said.stderr.includes('waiting for a server'))
  const next = await mounted(t, config, { folder: server.folder })
  await bar.cat(next.path('db/ours'))
  await until('it shows what the next server says', () => seen() === 3)
  t.match(following.records(), [{ seq: 2 }, { seq: Number }, { seq: 1, unit: bar.name }])
  t.equal(following.said.stderr, `hushfs: ${server.place}: waiting for a server\n`)

  following.child.kill('SIGINT')
  t.strictSame(await following.ended, [null, 'SIGINT'])
})

t.test('-f shows a folded record again with its new number', async (t) => {
  const { server } = await audited(t)
  const following = follow(t, server, '--secret', 'db/ours', '--denied')
  await until('it shows what is there', () => following.records().length === 1)
  const reader = spawn('bash', [
    '-c',
    'while read -r line; do read -r x < "$0"; echo; done',
    server.path('db/ours'),
  ])
  t.teardown(() => void reader.kill('SIGKILL'))
  reader.stdin.write('go\n')
  await until('it shows the refusal', () => following.records().at(-1)?.comm === 'bash')
  reader.stdin.write('go\n')
  await until('it shows the second', () => following.records().at(-1)?.count === 2)
  t.equal(following.records().length, 3, 'each once')
  reader.stdin.end()
  await once(reader, 'close')
})

t.test('for root only, and only where a server is', async (t) => {
  const { server } = await audited(t)
  const program = [process.execPath, join(dist, 'hushfs.js'), 'audit', server.place]
  const nobody = await run('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', ...program])
  t.equal(nobody.status, 1)
  t.match(nobody.stderr, /can't be read: .*permission denied\nhushfs: hint: only root may/)
  t.equal(nobody.stdout.length, 0)
  const none = await hushfs(['audit', '-f', server.folder])
  t.equal(none.status, 1)
  t.match(none.stderr, 'no hushfs is mounted there')
})
