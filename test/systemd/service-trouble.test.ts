/** What may go wrong around a server: each time readers go on with what they had, or are refused, and all is well when the trouble is over. */
import t from 'tap'
import { installProgram } from '../support/systemd/programs.ts'
import { configFile, installedService, place, UNIT } from '../support/systemd/service.ts'
import { service } from '../support/systemd/system.ts'
import { until } from '../support/until.ts'

/** Seconds. */
const DAY = 86_400

t.setTimeout(600_000)
const hushfs = await installedService(t)
const { system } = hushfs
await hushfs.set('a', 'first')
await hushfs.set('ruled', 'for one', '--unit', 'reader.service')
await hushfs.set('limited', 'once for each', '--unit', 'once.service')
await hushfs.set('early', 'at first', '--unit', 'early.service')
const reads: Record<string, string> = { limited: 'once', early: '{startup: 1h}' }
const config = await system.output(['cat', configFile])
const limits = Object.entries(reads).reduce(
  (text, [name, limit]) => text.replace(new RegExp(`^  ${name}:\n`, 'm'), `$&    reads: ${limit}\n`),
  config,
)
system.write(configFile, limits)
await wrapUnseal()
await hushfs.start()

const read = (name: string) => [`ExecStart=cat ${place}/${name}`]
const refused = { result: 'exit-code', status: 1, output: /Permission denied/ }

/** The unseal child of this system does what /run/trouble says, if it is there. */
async function wrapUnseal(): Promise<void> {
  const dist = '/opt/hushfs/dist'
  await system.output(['mv', `${dist}/unseal.js`, `${dist}/unseal-itself.js`])
  system.write(
    `${dist}/unseal.js`,
    `const { existsSync, readFileSync } = require('node:fs')
const trouble = existsSync('/run/trouble') ? readFileSync('/run/trouble', 'utf8') : ''
if (trouble === 'hangs') setInterval(() => (process.title = 'unseal-hangs'), 100)
else if (trouble === 'prints garbage') process.stdout.write('garbage '.repeat(1000))
else if (trouble === 'is killed') process.kill(process.pid, 'SIGKILL')
else require('./unseal-itself.js')
`,
  )
}

const begin = (trouble: string) => {
  system.write('/run/trouble', trouble)
}
const end = () => system.output(['rm', '/run/trouble'])

/** A reload that is asked for with another value of `a`. */
async function reloadWith(value: string) {
  await hushfs.set('a', value)
  return system.run(['systemctl', 'reload', UNIT], { timeout: 120_000 })
}

for (const [trouble, reason] of [
  ['prints garbage', 'ended the unseal child'],
  ['is killed', 'ended the unseal child: ended by SIGKILL'],
] as const) {
  t.test(
    `an unseal child that ${trouble}: the reload fails with the reason, and nothing changes`,
    async (t) => {
      const { pid } = await hushfs.status()
      begin(trouble)
      t.not((await reloadWith(trouble)).status, 0)
      t.match(await system.output(['journalctl', '--unit', UNIT, '--output=cat']), reason)
      t.equal(await hushfs.cat('a'), 'first')
      await end()
      await hushfs.systemctl('reload', UNIT)
      t.equal(await hushfs.cat('a'), trouble)
      t.equal((await reloadWith('first')).status, 0)
      t.equal((await hushfs.status()).pid, pid, 'all by one server')
    },
  )
}

t.test('an unseal child that hangs: readers go on, and another child opens what it did not', async (t) => {
  begin('hangs')
  await hushfs.set('a', 'after the hang')
  const reloading = system.run(['systemctl', 'reload', UNIT], { timeout: 120_000 })
  await until('it hangs', async () => (await system.run(['pgrep', '-f', 'unseal-hangs'])).status === 0)
  t.equal(await hushfs.cat('a'), 'first')
  await end()
  t.equal((await reloading).status, 0)
  t.equal(await hushfs.cat('a'), 'after the hang')
})

t.test('unseal children that are killed while a server starts: readers wait', async (t) => {
  begin('is killed')
  await hushfs.signal('KILL')
  const reading = hushfs.cat('a')
  await until('it has failed', async () =>
    (await system.output(['journalctl', '--unit', UNIT, '--output=cat'])).includes("secrets can't be opened"),
  )
  await end()
  t.equal(await reading, 'after the hang')
})

t.test('a full /run', async (t) => {
  await startSleeping('once.service')
  await fillRun()
  t.equal((await reloadWith('while it was full')).status, 0, 'reload')
  t.equal(await hushfs.cat('a'), 'while it was full')
  await hushfs.signal('KILL')
  t.equal(await hushfs.cat('a'), 'while it was full', 'another server')
  t.match(await readIn('once.service', 'limited'), /Input\/output error/, 'what cannot be written down')
  await system.output(['sh', '-c', 'rm /run/fill && mount -o remount,size=100M /run'])
  t.equal(await readIn('once.service', 'limited'), 'once for each')
})

/** As small as it can be, and no byte free. */
async function fillRun(): Promise<void> {
  // Something may be written there between the two.
  const script = `for try in 1 2 3 4 5 6 7 8 9 10; do
      mount -o remount,size=$(df --output=used --block-size=1 /run | tail -1) /run 2>/dev/null && break
      [ $try -lt 10 ]
    done
    mount -o remount,size=$(($(df --output=used --block-size=1 /run | tail -1) + 65536)) /run
    ! dd if=/dev/zero of=/run/fill bs=4096 2>/dev/null
    [ "$(df --output=avail /run | tail -1)" -eq 0 ]`
  await system.output(['sh', '-e', '-c', script])
}

async function startSleeping(unit: string): Promise<void> {
  await system.install({ [unit]: service(['ExecStart=sleep infinity']) })
  await hushfs.systemctl('start', unit)
}

/** Read in the cgroup of a unit that runs, without PID 1, which would need /run itself. */
async function readIn(unit: string, name: string): Promise<string> {
  const cgroup = `/system.slice/${unit}`
  const { stdout, stderr } = await system.run(['cat', `${place}/${name}`], { cgroup })
  return stdout.toString() || stderr
}

t.test(
  'no descriptors left: what needs one to decide is refused, until the watchdog ends the server',
  async (t) => {
    const { pid } = await hushfs.status()
    t.match(await system.oneshot('reader.service', read('ruled')), { output: 'for one' })
    const open = (await system.output(['ls', `/proc/${pid}/fd`])).trim().split('\n').map(Number)
    await limitDescriptors(
      pid,
      [...open, open.length].findIndex((_, free) => !open.includes(free)),
    )
    t.match(await system.start('reader.service'), refused)
    t.equal(await hushfs.cat('a'), 'while it was full', 'what needs none is served')
    t.not((await system.run(['systemctl', 'reload', UNIT])).status, 0)
    await until('there is another server', async () => (await hushfs.status()).pid !== pid, 30_000)
    t.match(await system.start('reader.service'), { output: 'for one' })
    t.equal(await hushfs.cat('a'), 'while it was full')
  },
)

/** As the server's user: a container's root may lack the capability to do it to others. */
async function limitDescriptors(pid: number, limit: number): Promise<void> {
  const ids = await system.output(['stat', '--format=%u %g', `/proc/${pid}/task`])
  const [uid, gid] = ids.trim().split(' ')
  const as = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
  await system.output([...as, 'prlimit', '--pid', String(pid), `--nofile=${limit}`])
}

t.test('the clock is set back a day', async (t) => {
  installProgram(system, 'set-clock.so.c')
  const preload = '[Service]\nEnvironment=LD_PRELOAD=/usr/local/bin/set-clock.so\n'
  system.write(`/run/systemd/system/${UNIT}.d/clock.conf`, preload)
  await hushfs.systemctl('daemon-reload')
  await hushfs.systemctl('restart', UNIT)
  await startSleeping('early.service')
  t.equal(await readIn('early.service', 'early'), 'at first')

  system.write('/run/clock', String(-DAY))
  t.equal((await reloadWith('yesterday')).status, 0)
  t.equal(await hushfs.cat('a'), 'yesterday')
  const changedAt = Number(await system.output(['stat', '--format=%Y', `${place}/a`]))
  t.ok(changedAt < Date.now() / 1000 - DAY / 2, 'the server lives in yesterday')
  t.match(
    await readIn('early.service', 'early'),
    /Permission denied/,
    'a start in the future is no allowance',
  )
  await hushfs.signal('KILL')
  t.equal(await hushfs.cat('a'), 'yesterday', 'another server')

  await system.output(['rm', '/run/clock'])
  t.equal((await reloadWith('today')).status, 0)
  t.equal(await hushfs.cat('a'), 'today')
  t.equal(await readIn('early.service', 'early'), 'at first')
  t.equal(await hushfs.property('ActiveState'), 'active')
})
