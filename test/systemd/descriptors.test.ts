/** A descriptor that the unit opened reads nothing in other hands. */
import t from 'tap'
import { serveHushfs } from '../support/systemd/hushfs.ts'
import { installProgram } from '../support/systemd/programs.ts'
import { bootSystemd, service } from '../support/systemd/system.ts'

const system = await bootSystemd(t)
const file = '/run/hushfs/token'
const socket = '/run/descriptor'
const served = await serveHushfs(system, {
  secrets: { token: { source: { text: 'for foo' }, units: ['foo.service'], mode: '0444' } },
})
for (const name of ['hold', 'take']) installProgram(system, `${name}-descriptor.py`)
installProgram(system, 'move-child.py')

/** foo.service, which opens the file and gives its descriptor away. */
async function hold(): Promise<void> {
  await system.output(['rm', '-f', socket])
  const program = ['hold-descriptor.py', file, socket].join(' ')
  await system.install({
    'foo.service': service(['Type=notify', 'NotifyAccess=all', `ExecStart=${program}`]),
  })
  await system.output(['systemctl', 'restart', 'foo.service'])
}

const take = (how: string) => `ExecStart=take-descriptor.py ${socket} ${how}`
const ways = ['read', 'sendfile', 'splice']

t.test('passed over a socket to another unit', async (t) => {
  for (const how of ways) {
    await hold()
    t.equal((await system.oneshot('bar.service', [take(how)])).output, 'EACCES\n', how)
    t.match((await served.audit('token')).at(-1), {
      operation: 'read',
      decision: 'denied',
      reason: 'bar.service is none of the units that may read',
    })
  }
})

t.test(
  'passed within the unit: it still reads, but not through the page cache, which knows no units',
  async (t) => {
    const cgroup = '/system.slice/foo.service'
    for (const how of ways) {
      await hold()
      const expected = how === 'read' ? 'for foo\n' : 'EACCES\n'
      t.equal(await system.output(['take-descriptor.py', socket, how], { cgroup }), expected, how)
    }
    t.match((await served.audit('token')).at(-1), {
      unit: 'foo.service',
      decision: 'denied',
      reason: /page cache/,
    })
  },
)

t.test('inherited by a child that moves to another cgroup', async (t) => {
  await system.output(['systemctl', 'stop', 'foo.service'])
  const moved = [`ExecStart=move-child.py ${file} /sys/fs/cgroup/outside`]
  const started = await system.oneshot('foo.service', moved)
  t.match(started, { result: 'success', output: 'for foo\nEACCES\n' })
  t.match((await served.audit('token')).at(-1), { operation: 'read', decision: 'denied', unit: null })
})

t.test("reopened through /proc/PID/fd of the unit's process", async (t) => {
  await hold()
  const pid = (
    await system.output(['systemctl', 'show', '--property=MainPID', '--value', 'foo.service'])
  ).trim()
  const found = [
    'sh',
    '-c',
    `for fd in /proc/${pid}/fd/*; do [ "$(readlink $fd)" = ${file} ] && echo $fd; done; true`,
  ]
  const descriptor = (await system.output(found)).trim()
  t.match(descriptor, /^\/proc\/\d+\/fd\/\d+$/)
  const cat = `ExecStart=cat ${descriptor}`
  t.match(await system.oneshot('bar.service', [cat]), { status: 1, output: /Permission denied/ })
  t.match(await system.run(['cat', descriptor]), { status: 1, stderr: /Permission denied/ })
  const cgroup = '/system.slice/foo.service'
  t.equal(await system.output(['cat', descriptor], { cgroup }), 'for foo')
})
