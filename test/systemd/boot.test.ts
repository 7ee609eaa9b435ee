/** The systemd that the other tests here run on: it boots, tells what its units did, and leaves nothing behind. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import t from 'tap'
import { until } from '../support/until.ts'
import { bootSystemd } from '../support/systemd/system.ts'

const system = await bootSystemd(t)

t.test('Debian trixie, running, with nothing failed', async (t) => {
  t.match(await system.output(['systemctl', '--version']), /^systemd 257/)
  t.equal(await system.output(['systemctl', 'is-system-running']), 'running\n')
  t.equal(await system.output(['cat', '/proc/1/comm']), 'systemd\n')
})

t.test('what a program run inside says, and how it ends', async (t) => {
  const done = await system.run(['sh', '-c', 'cat; echo said >&2; exit 3'], { input: 'heard' })
  t.match(done, { status: 3, stderr: 'said\n' })
  t.equal(done.stdout.toString(), 'heard')
  t.equal(await system.output(['id', '-un'], { user: 'alice' }), 'alice\n')
})

t.test('a program run inside belongs to no unit, or to the one of its cgroup', async (t) => {
  t.match(await system.output(['cat', '/proc/self/cgroup']), /^0::\/outside$/m)
  const cgroup = '/system.slice/dbus.service'
  t.match(await system.output(['cat', '/proc/self/cgroup'], { cgroup }), /^0::\/system.slice\/dbus.service$/m)
})

t.test('a oneshot unit: its output and its cgroup', async (t) => {
  const started = await system.oneshot('good.service', [
    'ExecStart=sh -c "echo one; grep ^0:: /proc/self/cgroup"',
  ])
  t.match(started, { result: 'success', status: 0, output: 'one\n0::/system.slice/good.service\n' })
  t.ok(
    started.journal.some(({ message, isOutput }) => message.startsWith('Starting good.service') && !isOutput),
  )
})

t.test('a unit that fails is seen, and the next start has only its own journal', async (t) => {
  const lines = ['ExecStart=sh -c "echo before; test -e /run/allowed || exit 7"']
  t.match(await system.oneshot('bad.service', lines), { result: 'exit-code', status: 7, output: 'before\n' })
  system.write('/run/allowed', '')
  t.match(await system.start('bad.service'), { result: 'success', status: 0, output: 'before\n' })
})

t.test('transient services', async (t) => {
  const { stdout } = await system.systemdRun(['DynamicUser=yes'], ['id', '-u'])
  const uid = Number(stdout.toString())
  t.ok(uid >= 61184 && uid <= 65519, 'a dynamic uid')
  t.equal((await system.systemdRun([], ['sh', '-c', 'exit 5'])).status, 5)
})

t.test('the Node and the hushfs of the test run inside', async (t) => {
  t.equal(await system.output(['/opt/hushfs/node', '--version']), `${process.version}\n`)
  t.match(
    await system.output(['/opt/hushfs/node', '/opt/hushfs/dist/hushfs.js', '--version']),
    /^\d+\.\d+\.\d+\n$/,
  )
})

const hierarchy = existsSync('/sys/fs/cgroup/unified') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup'

/** The cgroup below which the system of this PID 1 has its own. */
function cgroupOf(pid: number): string {
  const inside = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? ''
  return `${hierarchy}${inside.replace(/\/init\.scope$/, '')}`
}

t.test('nothing is left of a system whose test was killed', async (t) => {
  const program = `
    import t from 'tap'
    import { bootSystemd } from ${JSON.stringify(new URL('../support/systemd/system.ts', import.meta.url).href)}
    const system = await bootSystemd(t)
    console.error('pid ' + system.pid)
    setInterval(() => undefined, 1000)`
  const other = spawn(process.execPath, ['--import=tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const pid = await new Promise<number>((resolve, reject) => {
    const said: string[] = []
    createInterface({ input: other.stderr }).on('line', (line) => {
      said.push(line)
      if (line.startsWith('pid ')) resolve(Number(line.slice(4)))
    })
    other.once('close', () => reject(new Error(said.join('\n'))))
  })
  const cgroup = cgroupOf(pid)
  t.ok(readdirSync(cgroup).includes('system.slice'))

  other.kill('SIGKILL')

  await until('its PID 1 is gone', () => !existsSync(`/proc/${pid}`))
  await until('its cgroups are gone', () => !existsSync(cgroup))
})

t.test('nothing is left after stop', async (t) => {
  const cgroup = cgroupOf(system.pid)
  t.ok(existsSync(cgroup))
  await system.stop()
  t.notOk(existsSync(`/proc/${system.pid}`))
  t.notOk(existsSync(cgroup))
  t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), '/stage')
})
