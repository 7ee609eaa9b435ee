/** The audit of a real mount: what the server keeps, what it sends to standard output, and that nobody who reads it slowly slows a read. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { AuditRecord } from '../../src/audit/record.ts'
import { catAs, mounted, workFolder, writeConfig } from '../support/mount.ts'
import { dist, output, run } from '../support/process.ts'
import { TestUnit } from '../support/units.ts'
import { until } from '../support/until.ts'

const SENTINEL = 'hushfs-sentinel-51fe'
const NOBODY = 65_534
const FILE = '.hushfs/audit.jsonl'

const recordsIn = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AuditRecord)

t.test('one record for each open, and for each refusal at open and at read', async (t) => {
  const [foo, bar] = [new TestUnit(t), new TestUnit(t)]
  foo.started('d'.repeat(32))
  const server = await mounted(t, { secrets: { ours: { source: { text: SENTINEL }, units: [foo.name] } } })
  const ours = server.path('ours')
  await foo.cat(ours)
  await bar.cat(ours)
  await foo.run('sh', ['-c', 'exec < "$0"; echo $$ > "$1"; cat', ours, bar.processes])
  const text = (await server.cat(FILE)).toString()
  const ofFoo = { secret: 'ours', unit: foo.name, invocation: 'd'.repeat(32), rule: 'units', uid: 0, gid: 0 }
  const ofBar = {
    secret: 'ours',
    unit: bar.name,
    rule: 'units',
    reason: `${bar.name} is none of the units that may read`,
  }
  t.match(recordsIn(text), [
    { ...ofFoo, seq: 1, operation: 'open', decision: 'allowed', comm: 'cat', exe: '/usr/bin/cat' },
    { ...ofBar, seq: 2, operation: 'open', decision: 'denied', comm: 'cat' },
    { ...ofFoo, seq: 3, operation: 'open', decision: 'allowed', comm: 'sh' },
    { ...ofBar, seq: 4, operation: 'read', decision: 'denied', comm: 'cat', count: 1 },
  ])
  t.notMatch(text, SENTINEL)
  t.equal((await server.cat(FILE)).toString(), text, 'to read it is no event')
})

t.test('for root only; what the kernel itself refuses it never hears of', async (t) => {
  const server = await mounted(t, { secrets: { a: { source: { text: 'x' } } } })
  t.match((await catAs(NOBODY, NOBODY, [], server.path(FILE))).stderr, 'Permission denied')
  t.match((await catAs(NOBODY, NOBODY, [], server.path('a'))).stderr, 'Permission denied')
  t.equal((await server.cat(FILE)).toString(), '')
  t.equal((await output('stat', ['--format=%a %U', server.path(FILE)])).toString(), '400 root\n')
})

t.test('a name that a process gives itself forges nothing', async (t) => {
  const server = await mounted(t, { secrets: { a: { source: { text: 'x' } } } })
  const script =
    'import sys\nopen("/proc/self/comm", "wb").write(b"\\"}\\n{\\xff\\x1b[2J")\nopen(sys.argv[1]).read()'
  await output('python3', ['-c', script, server.path('a')])
  const text = (await server.cat(FILE)).toString()
  t.equal(text.split('\n').length, 2)
  t.match(recordsIn(text), [{ comm: /^"\}\n\{.\u001b\[2J$/s, secret: 'a' }])
  t.notMatch(text, '\u001b')
})

/** A mount of one secret whose standard output the test reads, or doesn't. */
async function piped(t: Test) {
  const folder = workFolder(t)
  const place = join(folder, 'mnt')
  mkdirSync(place)
  writeConfig(join(folder, 'c.yaml'), { secrets: { a: { source: { text: SENTINEL } } } })
  const program = [join(dist, 'hushfs.js'), 'mount', '--config', join(folder, 'c.yaml'), place]
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.stdout.resume()
    child.kill('SIGTERM')
    await ended
  })
  let said = ''
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()))
  await until('it is ready', () => said.includes('ready:'))
  /** Open the secret so often, from one process. */
  const open = (times: number) =>
    output('sh', [
      '-c',
      'i=0; while [ $i -lt $1 ]; do read -r x < "$0"; i=$((i+1)); done; :',
      join(place, 'a'),
      String(times),
    ])
  return { child, place, open, ended }
}

t.test('each record goes to standard output, a line each, as it is kept', async (t) => {
  const { child, open, place } = await piped(t)
  let text = ''
  child.stdout.on('data', (piece: Buffer) => (text += piece.toString()))
  await open(3)
  await until('all came', () => recordsIn(text.slice(0, text.lastIndexOf('\n') + 1)).length === 3)
  t.equal(text, (await output('cat', [join(place, FILE)])).toString())
  t.notMatch(text, SENTINEL)
})

t.test('what comes last is sent before the server ends', async (t) => {
  const { child, open, ended } = await piped(t)
  let text = ''
  child.stdout.on('data', (piece: Buffer) => (text += piece.toString()))
  await open(100)
  child.kill('SIGTERM')
  await ended
  t.strictSame(
    recordsIn(text).map(({ seq }) => seq),
    Array.from({ length: 100 }, (_, index) => index + 1),
  )
})

t.test('a reader of standard output that stalls stops no open; what is lost is counted', async (t) => {
  const { child, open, place } = await piped(t)
  child.stdout.pause()
  const OPENS = 8000
  await open(OPENS)
  t.equal((await run('cat', [join(place, 'a')])).stdout.toString(), SENTINEL)
  const status = JSON.parse((await output('cat', [join(place, '.hushfs/status.json')])).toString()) as {
    counters: { auditDropped: number }
  }
  const dropped = status.counters.auditDropped
  t.ok(dropped > 0)
  let lines = 0
  child.stdout.on('data', (piece: Buffer) => (lines += piece.toString('latin1').split('\n').length - 1))
  child.stdout.resume()
  await until('the others came', () => lines === OPENS + 1 - dropped)
  t.equal(lines, OPENS + 1 - dropped)
})

t.test('a closed standard output stops nothing either', async (t) => {
  const { child, open, place } = await piped(t)
  child.stdout.destroy()
  await open(50)
  t.equal((await output('cat', [join(place, 'a')])).toString(), SENTINEL)
})
