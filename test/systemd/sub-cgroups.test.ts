/** Every process of the unit reads, in whichever of the unit's cgroups it runs. */
import t from 'tap'
import { serveHushfs } from '../support/systemd/hushfs.ts'
import { readJournal, journalCursor } from '../support/systemd/journal.ts'
import { bootSystemd, service } from '../support/systemd/system.ts'

const system = await bootSystemd(t)
await serveHushfs(system, {
  secrets: { token: { source: { text: 'for foo' }, units: ['foo.service'], mode: '0444' } },
})
const success = { result: 'success', status: 0 }
/** Says the cgroup of the reader, and the secret. */
const read = 'grep ^0:: /proc/self/cgroup; cat /run/hushfs/token'

t.test('cgroups that a delegated unit makes', async (t) => {
  const below = '/sys/fs/cgroup/system.slice/foo.service/a/b.scope'
  const script = `mkdir -p ${below} && echo $$$$ >${below}/cgroup.procs && ${read}`
  const started = await system.oneshot('foo.service', ['Delegate=yes', `ExecStart=sh -c '${script}'`])
  t.match(started, { ...success, output: '0::/system.slice/foo.service/a/b.scope\nfor foo\n' })
})

t.test('DelegateSubgroup=', async (t) => {
  const lines = ['Delegate=yes', 'DelegateSubgroup=inner', `ExecStart=sh -c '${read}'`]
  const started = await system.oneshot('foo.service', lines)
  t.match(started, { ...success, output: '0::/system.slice/foo.service/inner\nfor foo\n' })
})

t.test('every command of a unit: before, after, reload (in .control where delegated), stop', async (t) => {
  for (const [delegate, control] of [
    ['no', ''],
    ['yes', '/.control'],
  ] as const) {
    const said = (below: string) => `0::/system.slice/foo.service${below}\nfor foo\n`
    const commands = ['ExecStartPre', 'ExecStartPost', 'ExecReload', 'ExecStop', 'ExecStopPost']
    const lines = commands.map((key) => `${key}=sh -c '${read}'`)
    await system.install({
      'foo.service': service([`Delegate=${delegate}`, 'ExecStart=sleep infinity', ...lines]),
    })
    const cursor = await journalCursor(system)
    for (const verb of ['start', 'reload', 'stop']) await system.output(['systemctl', verb, 'foo.service'])
    const output = (await readJournal(system, 'foo.service', cursor))
      .flatMap(({ message, isOutput }) => (isOutput ? [`${message}\n`] : []))
      .join('')
    // What runs before there is a main process is where that will be.
    t.equal(output, said('') + said(control).repeat(commands.length - 1), `Delegate=${delegate}`)
  }
})

t.test('in any slice', async (t) => {
  const lines = ['Slice=deep-down.slice', `ExecStart=sh -c '${read}'`]
  const started = await system.oneshot('foo.service', lines)
  t.match(started, { ...success, output: '0::/deep.slice/deep-down.slice/foo.service\nfor foo\n' })
})
