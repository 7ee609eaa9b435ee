/** Readers whose thread id is not their process id, and readers that are killed while they wait. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { until } from '../support/until.ts'
import { serveHushfs, unitName } from '../support/systemd/hushfs.ts'
import { installProgram } from '../support/systemd/programs.ts'
import { bootSystemd, service } from '../support/systemd/system.ts'

const system = await bootSystemd(t)
const file = '/run/hushfs/token'
const served = await serveHushfs(system, {
  secrets: {
    token: { source: { text: 'for foo' }, units: ['foo.service'], mode: '0444' },
    once: { source: { text: 'for foo' }, units: ['foo.service'], mode: '0444', reads: 'once' },
  },
})
for (const program of ['thread-read.c', 'thread-read.py']) installProgram(system, program)
const last = async () => (await served.audit('token')).at(-1)

t.test('threads of a C program', async (t) => {
  const lines = [`ExecStart=thread-read ${file}`]
  const foo = await system.oneshot('foo.service', lines)
  t.match(foo, { result: 'success', output: 'other id: for foo\nfirst: for foo\n' })
  const bar = await system.oneshot('bar.service', lines)
  t.match(bar, { result: 'success', output: 'other id: EACCES\nfirst: EACCES\n' })
})

t.test('a thread of Python', async (t) => {
  const lines = [`ExecStart=thread-read.py ${file}`]
  t.match(await system.oneshot('foo.service', lines), { result: 'success', output: 'for foo\n' })
  const record = await last()
  t.match(record, { decision: 'allowed', unit: 'foo.service' })
  t.not(record?.tid, record?.pid, 'the audit tells the thread from its process')
  t.match(await system.oneshot('bar.service', lines), { output: /PermissionError/ })
})

t.test('the thread pool of Node', async (t) => {
  const script = `import("node:fs/promises").then((fs) => fs.readFile("${file}", "utf8")).then(console.log)`
  const lines = [`ExecStart=/opt/hushfs/node --eval '${script}'`]
  t.match(await system.oneshot('foo.service', lines), { result: 'success', output: 'for foo\n' })
  const record = await last()
  t.not(record?.tid, record?.pid)
  t.match(await system.oneshot('bar.service', lines), { result: 'exit-code', output: /EACCES/ })
})

/** The process of a unit, as the test counts. */
function processOf(unit: string): string {
  const procs = system.path(`/sys/fs/cgroup/system.slice/${unit}/cgroup.procs`)
  return readFileSync(procs, 'utf8').trim()
}

/** Start foo.service with this command while the server is stopped, and resolve when it waits for the server. */
async function startWaiting(command: string): Promise<void> {
  await system.install({ 'foo.service': service(['Type=exec', `ExecStart=${command}`]) })
  await system.output(['systemctl', 'kill', '--signal=STOP', unitName])
  await system.output(['systemctl', 'start', 'foo.service'])
  const wchan = () => readFileSync(`/proc/${processOf('foo.service')}/wchan`, 'utf8')
  await until('the reader waits for an answer', () => /request_wait_answer/.test(wchan()))
}

t.test('a reader that is killed in mid-open, and the server that then goes on', async (t) => {
  await startWaiting(`cat ${file}`)
  await system.output(['systemctl', 'kill', '--signal=KILL', 'foo.service'])
  await until('the reader is gone', async () => {
    return (await system.run(['systemctl', 'is-active', '--quiet', 'foo.service'])).status !== 0
  })
  await system.output(['systemctl', 'kill', '--signal=CONT', unitName])

  t.match(await system.oneshot('foo.service', [`ExecStart=cat ${file}`]), {
    result: 'success',
    output: 'for foo\n',
  })
  t.match(await system.oneshot('bar.service', [`ExecStart=cat ${file}`]), { result: 'exit-code' })
  await served.stop()
  t.equal((await system.run(['mountpoint', '--quiet', '/run/hushfs'])).status, 32, 'it could be unmounted')
  await served.start()
})

t.test('a reader that was killed has not used up what `once` allows the next start', async (t) => {
  await startWaiting('cat /run/hushfs/once')
  await system.output(['systemctl', 'kill', '--signal=KILL', 'foo.service'])
  await system.output(['systemctl', 'kill', '--signal=CONT', unitName])
  const started = await system.oneshot('foo.service', ['ExecStart=cat /run/hushfs/once'])
  t.match(started, { result: 'success', output: 'for foo\n' })
})
