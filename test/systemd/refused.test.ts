/** Whoever is not in the unit that the rule names gets EACCES, root too, and the audit says why. */
import t from 'tap'
import { serveHushfs } from '../support/systemd/hushfs.ts'
import { bootSystemd } from '../support/systemd/system.ts'

const system = await bootSystemd(t)
const served = await serveHushfs(system, {
  secrets: { token: { source: { text: 'for foo' }, units: ['foo.service'], mode: '0444' } },
})
const cat = ['cat', '/run/hushfs/token']
const refused = { status: 1, stderr: 'cat: /run/hushfs/token: Permission denied\n' }

/** The audit of a refusal of a unit by its name. */
function record(unit: string, uid = 0) {
  const reason = `${unit} is none of the units that may read`
  return { operation: 'open', decision: 'denied', rule: 'units', reason, unit, uid, comm: 'cat' }
}

const last = async () => (await served.audit('token')).at(-1)

t.test('another service of the same user', async (t) => {
  for (const [user, uid] of [
    ['root', 0],
    ['app', 801],
  ] as const) {
    const lines = [`User=${user}`, `ExecStart=${cat.join(' ')}`]
    t.match(await system.oneshot('foo.service', lines), { result: 'success', output: 'for foo\n' })
    const bar = await system.oneshot('bar.service', lines)
    t.match(bar, { result: 'exit-code', status: 1, output: /Permission denied/ })
    t.match(await last(), record('bar.service', uid))
  }
})

t.test('a shell of root in no unit', async (t) => {
  t.match(await system.run(['sh', '-c', cat.join(' ')]), refused)
  t.match(await last(), { decision: 'denied', rule: 'units', unit: null, uid: 0 })
})

t.test('systemd-run: a transient service', async (t) => {
  t.match(await system.systemdRun([], cat), refused)
  const { unit } = (await last()) ?? {}
  t.match(unit, /^run-.*\.service$/)
  t.match(await last(), record(String(unit)))
})

t.test('a scope, as cron or a container manager makes one', async (t) => {
  const scope = ['systemd-run', '--quiet', '--scope', '--unit=job.scope', '--', ...cat]
  t.match(await system.run(scope), refused)
  t.match(await last(), record('job.scope'))
})

t.test('login sessions', async (t) => {
  for (const [user, uid] of [
    ['root', 0],
    ['alice', 1000],
  ] as const) {
    t.match(await system.run(['su', '--login', user, '--command', cat.join(' ')]), refused)
    const { unit } = (await last()) ?? {}
    t.match(unit, /^session-.*\.scope$/)
    t.match(await last(), record(String(unit), uid))
  }
})

t.test('a refused open opens nothing: the next one of the unit is as ever', async (t) => {
  const started = await system.start('foo.service')
  t.match(started, { result: 'success', output: 'for foo\n' })
})

t.test('the same refusal again is one record with a count', async (t) => {
  await system.run(['sh', '-c', 'for i in 1 2 3; do { read x; } </run/hushfs/token; done'])
  const folded = (await served.audit('token')).filter(({ comm }) => comm === 'sh')
  t.strictSame(
    folded.map(({ count }) => count),
    [3],
  )
})
