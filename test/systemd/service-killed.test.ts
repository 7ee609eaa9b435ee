/** The server dies, in every way: no reader notices. */
import t, { type Test } from 'tap'
import { installedService, UNIT } from '../support/systemd/service.ts'

const VALUE = 'v'.repeat(4096)

t.setTimeout(300_000)
const hushfs = await installedService(t)
const { system } = hushfs
await hushfs.set('a', VALUE)
await hushfs.set('once', VALUE, '--unit', 'reader.service')
await hushfs.start()

/** Do something up to `times` times, each time to a server that serves, while 8 readers open a secret `opens` times. */
async function unharmed(t: Test, times: number, opens: number, act: () => Promise<unknown>): Promise<void> {
  const hammer = hushfs.hammer('a', 8, opens)
  let done = 0
  for (; hammer.running && done < times; done++) await act()
  const { longestMs, ...counts } = await hammer.ended
  t.comment(`${done} times; the longest pause of a read: ${longestMs} ms`)
  t.ok(done > 2, `${done} times while it was read`)
  t.strictSame(counts, { opens, failed: 0, wrong: 0, error: '' })
  t.equal(await hushfs.cat('a'), VALUE)
}

/** Start the server with other arguments, from the next start on. */
async function restartWith(...args: readonly string[]): Promise<void> {
  const start = /^ExecStart=.*$/m.exec(await hushfs.systemctl('cat', UNIT))?.[0] ?? ''
  const lines = ['[Service]', 'ExecStart=', [start, ...args].join(' '), '']
  system.write('/run/systemd/system/hushfs.service.d/args.conf', lines.join('\n'))
  await hushfs.systemctl('daemon-reload')
  await hushfs.systemctl('restart', UNIT)
}

t.test('SIGKILL, 100 times', (t) => unharmed(t, 100, 50_000, () => hushfs.signal('KILL')))

t.test('SIGSEGV', (t) => unharmed(t, 10, 20_000, () => hushfs.signal('SEGV')))

t.test('SIGKILL of everything in the unit, the supervisor too', (t) =>
  unharmed(t, 5, 30_000, async () => {
    const { pid } = await hushfs.status()
    await hushfs.systemctl('kill', '--signal=KILL', '--kill-whom=all', UNIT)
    await system.output(['sh', '-c', `while [ -e /proc/${pid} ]; do :; done`])
  }),
)

t.test('systemctl restart', (t) => unharmed(t, 5, 30_000, () => hushfs.systemctl('restart', UNIT)))

t.test('out of memory in its cgroup', async (t) => {
  if (!(await system.output(['cat', '/sys/fs/cgroup/cgroup.controllers'])).includes('memory')) {
    t.comment(
      'this machine has the memory controller in another hierarchy: the signal stands in for the kernel',
    )
    await unharmed(t, 3, 30_000, () => hushfs.signal('KILL'))
    return
  }
  const limit = `/sys/fs/cgroup/system.slice/${UNIT}/memory.max`
  await unharmed(t, 3, 30_000, async () => {
    const { pid } = await hushfs.status()
    await system.output([
      'sh',
      '-c',
      `echo 20M > ${limit}; while [ -e /proc/${pid} ]; do :; done; echo max > ${limit}`,
    ])
  })
})

t.test('an upgrade to another version', async (t) => {
  const before = (await hushfs.status())['version']
  await unharmed(t, 3, 30_000, async () => {
    const change = `sed -i 's/"0\\.1\\.[0-9]*"/"0.1.77"/' /opt/hushfs/dist/*.js`
    await system.output(['sh', '-c', change])
    await hushfs.systemctl('restart', UNIT)
  })
  t.not((await hushfs.status())['version'], before)
})

t.test('what was allowed once stays used up, and the audit goes on', async (t) => {
  const config = await system.output(['cat', '/etc/hushfs/hushfs.yaml'])
  system.write('/etc/hushfs/hushfs.yaml', config.replace(/^( +)units:/m, '$1reads: once\n$&'))
  await hushfs.systemctl('reload', UNIT)
  const lines = [
    '#!/bin/sh',
    'head -c 3 /run/hushfs/once',
    `kill -KILL "$(sed -n 's/.*"pid": \\([0-9]*\\).*/\\1/p' /run/hushfs/.hushfs/status.json)"`,
    'cat /run/hushfs/once',
    '',
  ]
  system.write('/usr/local/bin/read-twice', lines.join('\n'), 0o755)
  const started = await system.oneshot('reader.service', ['ExecStart=read-twice'])
  t.match(started.output, /^vvv/)
  t.match(started.output, /cat: \/run\/hushfs\/once: Permission denied/)
  const records = (await hushfs.cat('.hushfs/audit.jsonl'))
    .split('\n')
    .filter((line) => line.includes('"once"'))
  const decisions = records.map((line) => (JSON.parse(line) as { decision: string }).decision)
  t.strictSame(decisions, ['allowed', 'denied'], 'both servers are in it')
})

t.test('a kernel that cannot send again: what was read is answered from the journal', async (t) => {
  await hushfs.systemctl('stop', UNIT)
  await restartWith('--without', 'HAS_RESEND', '--without', 'REQUEST_TIMEOUT')
  await unharmed(t, 30, 15_000, () => hushfs.signal('KILL'))
})
