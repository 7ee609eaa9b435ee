/** The server hangs: its readers go on, and PID 1 does, also when it is a reader itself. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { installProgram } from '../support/systemd/programs.ts'
import { installedService, place, UNIT } from '../support/systemd/service.ts'
import { service } from '../support/systemd/system.ts'
import { until } from '../support/until.ts'

const VALUE = 'v'.repeat(4096)

t.setTimeout(300_000)
const hushfs = await installedService(t)
const { system } = hushfs
await hushfs.set('a', VALUE)
await hushfs.set('env', 'COLOUR=green\n')
await hushfs.start()
installProgram(system, 'hold-thread.c')

t.test('SIGSTOP under load: readers go on', async (t) => {
  const hammer = hushfs.hammer('a', 8, 20_000)
  const { pid } = await hushfs.status()
  await hushfs.signal('STOP')
  const { longestMs, ...counts } = await hammer.ended
  t.strictSame(counts, { opens: 20_000, failed: 0, wrong: 0, error: '' })
  t.comment(`the longest pause of a read: ${longestMs} ms`)
  t.equal((await hushfs.status()).pid, pid, 'the same server: the kernel has woken it')
})

t.test('SIGSTOP of the whole unit while PID 1 reads an EnvironmentFile=: systemctl answers', async (t) => {
  await system.install({
    'reader.service': service([
      'Type=oneshot',
      `EnvironmentFile=${place}/env`,
      'ExecStart=sh -c "echo $COLOUR"',
    ]),
  })
  await hushfs.systemctl('kill', '--signal=STOP', '--kill-whom=all', UNIT)
  const starting = system.start('reader.service')
  t.equal((await system.run(['systemctl', 'is-active', UNIT])).stdout.toString(), 'active\n')
  t.match(await starting, { result: 'success', output: 'green\n' })
})

t.test('a worker that is stuck: the server is ended and resumed', async (t) => {
  const { pid } = await hushfs.status()
  const [command = '', ...args] = system.entering(['hold-thread', String(pid)])
  const holder = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(holder, 'exit')
  await once(holder.stdout, 'data')
  t.equal(await hushfs.cat('a'), VALUE, 'a reader that came meanwhile')
  t.not((await hushfs.status()).pid, pid)
  await exited
})

t.test('a frozen unit is served again, by whom it takes', async (t) => {
  const freeze = `/sys/fs/cgroup/system.slice/${UNIT}/cgroup.freeze`
  await system.output(['sh', '-c', `echo 1 > ${freeze}`])
  const reading = hushfs.cat('a')
  await until('it is frozen', async () =>
    (await system.output(['cat', `/sys/fs/cgroup/system.slice/${UNIT}/cgroup.events`])).includes('frozen 1'),
  )
  await system.output(['sh', '-c', `echo 0 > ${freeze}`])
  t.equal(await reading, VALUE)
})
