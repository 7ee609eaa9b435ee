/** What operators see on a real system: the journal, `hushfs audit`, `hushfs explain`. */
import t from 'tap'
import { serveHushfs, unitName } from '../support/systemd/hushfs.ts'
import { bootSystemd, service } from '../support/systemd/system.ts'
import type { AuditRecord } from '../../src/audit/record.ts'

const system = await bootSystemd(t)
const sentinel = 'sentinel-9c1f3a7be2'
const served = await serveHushfs(system, {
  secrets: {
    token: { source: { text: sentinel }, units: ['foo.service'] },
    'alice/token': { source: { text: sentinel }, userUnits: ['alice/foo.service'], owner: 'alice' },
  },
})
const read = (unit: string) => system.oneshot(unit, ['ExecStart=sh -c "cat /run/hushfs/token | wc -c"'])

const parsed = (text: string) =>
  text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as AuditRecord] : []))

t.test('opens and refusals reach the journal as JSON, and content never does', async (t) => {
  t.equal((await read('foo.service')).output, `${sentinel.length}\n`)
  await read('bar.service')

  await served.said(/"decision":"denied"/)
  const journal = await system.output(['journalctl', `--unit=${unitName}`, '--output=cat'])
  t.match(parsed(journal), [
    { secret: 'token', operation: 'open', decision: 'allowed', unit: 'foo.service', count: 1 },
    { secret: 'token', operation: 'open', decision: 'denied', unit: 'bar.service', count: 1 },
  ])
  t.notMatch(await system.output(['journalctl', '--output=export']), sentinel)
})

t.test('hushfs audit: what is asked for, root only', async (t) => {
  const audit = async (...args: string[]) => {
    const { status, stdout } = await served.command(['audit', '--json', ...args])
    t.equal(status, 0)
    return parsed(stdout.toString())
  }
  t.match(await audit('--denied', '--secret', 'token'), [{ unit: 'bar.service', decision: 'denied' }])
  t.match(await audit('--unit', 'foo.service'), [{ unit: 'foo.service', decision: 'allowed' }])
  t.equal((await audit()).length, 2)
  const other = await served.command(['audit'], { user: 'alice' })
  t.not(other.status, 0)
  t.equal(other.stdout.toString(), '')
})

t.test('hushfs explain of a unit', async (t) => {
  const explain = (name: string, unit: string) => served.command(['explain', name, '--unit', unit])
  t.match(await explain('token', 'foo.service'), { status: 0 })
  const refused = await explain('token', 'bar.service')
  t.match(refused, { status: 1 })
  t.match(refused.stdout.toString(), 'bar.service is none of the units that may read')
  t.match(await explain('alice/token', 'alice/foo.service'), { status: 0 })
  t.match(await explain('alice/token', 'bob/foo.service'), { status: 1 })
  t.match(await explain('alice/token', 'foo.service'), { status: 1 })
})

t.test('hushfs explain of a process says what the server would', async (t) => {
  const text = service(['ExecStart=sleep infinity'])
  await system.install({ 'foo.service': text, 'bar.service': text })
  await system.output(['systemctl', 'start', 'foo.service', 'bar.service'])
  const explain = async (unit: string) => {
    const pid = await system.output(['systemctl', 'show', '--property=MainPID', '--value', unit])
    return served.command(['explain', 'token', '--pid', pid.trim()])
  }
  t.match(await explain('foo.service'), { status: 0 })
  t.match(await explain('bar.service'), { status: 1 })

  const itself = ['explain', 'token']
  t.match(await served.command(itself), { status: 1 })
  t.match(await served.command(itself, { cgroup: '/system.slice/foo.service' }), { status: 0 })
})
