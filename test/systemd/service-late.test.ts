/** What comes late: its readers wait, up to startTimeout, and others go on. And what changes: units that asked for it are restarted or reloaded. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { configFile, installedService, place, UNIT } from '../support/systemd/service.ts'
import { service } from '../support/systemd/system.ts'
import { until } from '../support/until.ts'

t.setTimeout(300_000)
const hushfs = await installedService(t)
const { system } = hushfs
const base = {
  identities: ['/var/lib/hushfs/identity', '/srv/late/identity'],
  store: '/var/lib/hushfs/store',
}
const ready = { source: { text: 'here' } }

function configure(keys: object): void {
  system.write(configFile, JSON.stringify({ ...base, ...keys }))
}

/** A reader in the system, which is waiting for an answer when this resolves. */
async function waitingReader(name: string) {
  const [command = '', ...args] = system.entering(['cat', `${place}/${name}`])
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const pieces: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => pieces.push(piece))
  const ended = once(child, 'close').then(() => Buffer.concat(pieces).toString())
  const find = `for pid in $(pgrep -x cat); do grep -q ${place}/${name} /proc/$pid/cmdline && cat /proc/$pid/wchan; done`
  await until('it waits', async () =>
    (await system.run(['sh', '-c', find])).stdout.toString().includes('request_wait_answer'),
  )
  return {
    ended,
    signal: (signal: string) => system.output(['pkill', `-${signal}`, '-fx', `cat ${place}/${name}`]),
  }
}

t.test('a source that is not there yet: its reader waits until it is, others go on', async (t) => {
  configure({ secrets: { late: { source: { file: '/srv/late/value' } }, ready } })
  await hushfs.start()
  const impatient = await waitingReader('late')
  t.equal(await hushfs.cat('ready'), 'here')
  await impatient.signal('INT')
  t.equal(await impatient.ended, '', 'one that is interrupted is let go')
  const patient = await waitingReader('late')
  await hushfs.signal('KILL')
  t.equal(await hushfs.cat('ready'), 'here')
  system.write('/srv/late/value', 'came late')
  t.equal(await patient.ended, 'came late', 'although the server died meanwhile')
})

t.test(
  'a source that does not come: EIO after startTimeout, then the value as soon as it is there',
  async (t) => {
    configure({ startTimeout: '1s', secrets: { never: { source: { file: '/srv/never' } }, ready } })
    await hushfs.systemctl('restart', UNIT)
    t.match((await system.run(['cat', `${place}/never`])).stderr, 'Input/output error')
    const { failing } = await hushfs.status()
    t.match(failing, [{ name: 'never', reason: /\/srv\/never: no such file/ }])
    system.write('/srv/never', 'after all')
    await until(
      'it is asked for again',
      async () => (await system.run(['cat', `${place}/never`])).status === 0,
    )
    t.equal(await hushfs.cat('never'), 'after all')
  },
)

t.test('an identity that is not there yet: the service is started again with it, readers wait', async (t) => {
  await hushfs.systemctl('stop', UNIT)
  configure({})
  await hushfs.set('sealed', 'opened late')
  await system.output(['mv', '/var/lib/hushfs/identity', '/root/identity'])
  configure({
    identities: ['/srv/late/identity'],
    secrets: { sealed: { source: { sealed: '/var/lib/hushfs/store/sealed.sealed' } }, ready },
  })
  await hushfs.hushfs('install')
  await hushfs.start()
  const { pid } = await hushfs.status()
  const reader = await waitingReader('sealed')
  t.equal(await hushfs.cat('ready'), 'here')
  await system.output(['mv', '/root/identity', '/srv/late/identity'])
  t.equal(await reader.ended, 'opened late')
  t.not((await hushfs.status()).pid, pid)
})

t.test('changed values restart and reload units, unchanged ones and starts do not', async (t) => {
  const note = (what: string) => `sh -c 'echo ${what} >>/run/told'`
  await system.install({
    'restarted.service': service([`ExecStartPre=${note('start')}`, 'ExecStart=sleep infinity']),
    'reloaded.service': service([`ExecReload=${note('reload')}`, 'ExecStart=sleep infinity']),
    'stopped.service': service([`ExecStartPre=${note('stopped')}`, 'ExecStart=sleep infinity']),
  })
  await hushfs.systemctl('start', 'restarted.service', 'reloaded.service')
  const told = async () => (await system.output(['sort', '/run/told'])).trim().split('\n')
  t.strictSame(await told(), ['start'])
  const file = '/srv/late/value'
  const units = {
    restartUnits: ['restarted.service', 'stopped.service'],
    reloadUnits: ['reloaded.service', 'restarted.service'],
  }
  configure({ identities: ['/srv/late/identity'], secrets: { late: { source: { file }, ...units }, ready } })
  await system.output(['systemctl', 'enable', '--now', 'hushfs-changes.path'])
  await hushfs.systemctl('restart', UNIT)
  await hushfs.systemctl('reload', UNIT)
  await hushfs.signal('KILL')
  t.equal(await hushfs.cat('late'), 'came late')

  system.write(file, 'changed')
  await hushfs.systemctl('reload', UNIT)
  await until('both are told', async () => (await told()).length === 3)
  t.strictSame(await told(), ['reload', 'start', 'start'], 'nothing was told before')
  await hushfs.systemctl('reload', UNIT)
  system.write(file, 'changed again')
  await hushfs.signal('KILL')
  t.equal(await hushfs.cat('late'), 'changed again', 'the next server finds another value')
  await until('both are told again', async () => (await told()).length === 5)
  t.strictSame(await told(), ['reload', 'reload', 'start', 'start', 'start'])
})
