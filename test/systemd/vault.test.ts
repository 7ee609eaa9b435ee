/** Secrets of a vault in the systemd service: its sandbox lets it reach the vault when `install` says so, and its server may die. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import t from 'tap'
import { startTlsBao } from '../support/bao/tls.ts'
import { configFile, installedService, place, UNIT } from '../support/systemd/service.ts'
import { until } from '../support/until.ts'
import { needs } from '../support/without.ts'

needs(t, 'bao')

const VALUE = 'v'.repeat(4096)
const ROLE = '/etc/hushfs/vault-role'
const SECRET = '/etc/hushfs/vault-secret-id'

t.setTimeout(300_000)
const folder = t.testdir({})
const { bao, ca } = await startTlsBao(join(folder, 'tls'))
t.teardown(() => bao.stop())
await bao.put('secret/app', { password: VALUE })
await bao.must('POST', 'sys/auth/approle', { type: 'approle' })
await bao.must('POST', 'sys/policy/app', { policy: 'path "secret/*" { capabilities = ["read"] }' })
const { roleId, secretIdFile } = await bao.appRole('app', { token_policies: ['app'] }, folder)

const hushfs = await installedService(t)
const { system } = hushfs
await hushfs.set('sealed', 'sealed')
const config = load(readFileSync(system.path(configFile), 'utf8')) as { secrets: object }
system.write('/etc/hushfs/ca.pem', readFileSync(ca.cert))
system.write(ROLE, roleId, 0o600)
const approle = { roleIdFile: ROLE, secretIdFile: SECRET }
system.write('/etc/hosts', '127.0.0.1 vault.test\n')
// By a name, which has to be looked up in the sandbox.
const address = bao.address.replace('127.0.0.1', 'vault.test')
const vaults = { main: { address, caFile: '/etc/hushfs/ca.pem', auth: { approle } } }
const source = { vault: { path: 'secret/app', field: 'password', refresh: '1s' } }
const secrets = {
  ...config.secrets,
  app: { source, units: ['app.service'], manager: false },
  hammered: { source },
}
system.write(configFile, JSON.stringify({ ...config, vaults, secrets }))

const reasonOf = async (name: string) => {
  const { failing } = (await hushfs.status()) as unknown as { failing: { name: string; reason: string }[] }
  return failing.find((trouble) => trouble.name === name)?.reason ?? ''
}
const tokens = async () =>
  ((await bao.must('LIST', 'auth/token/accessors'))['data'] as { keys: string[] }).keys.length
const childOf = async (pid: number) =>
  Number(await system.output(['sh', '-c', `pgrep --parent ${pid} --full fetch.js`]))

t.test('a unit without the network says what to do, and serves the rest', async (t) => {
  await hushfs.start()
  t.equal(await hushfs.cat('sealed'), 'sealed')
  t.match(await reasonOf('app'), 'run `hushfs install` again, then `systemctl restart hushfs`')
  t.match((await system.run(['cat', `${place}/hammered`])).stderr, 'Input/output error')
})

t.test('install gives it the network', async (t) => {
  t.match(await hushfs.hushfs('install'), 'network   allowed to the service')
  t.equal(await hushfs.property('PrivateNetwork'), 'no')
  t.match(await hushfs.property('RestrictAddressFamilies'), /AF_INET\b/)
  t.equal(await hushfs.property('IPAddressDeny'), '')
  await hushfs.systemctl('restart', UNIT)
})

t.test('a file that signs in and that was not there: the service starts again with it', async (t) => {
  const reader = hushfs.cat('hammered')
  const waits = async () => ((await hushfs.status())['secrets'] as { pending: number }).pending === 2
  await until('the vault was asked in vain', waits)
  t.equal(await hushfs.cat('sealed'), 'sealed')
  system.write(SECRET, readFileSync(secretIdFile), 0o600)
  t.equal(await reader, VALUE)
})

t.test('a service reads its secret', async (t) => {
  const app = await system.oneshot('app.service', [
    'DynamicUser=yes',
    `LoadCredential=password:${place}/app`,
    'ExecStart=/bin/sh -c \'wc -c <"$CREDENTIALS_DIRECTORY/password"\'',
  ])
  t.match(app, { result: 'success', output: '4096\n' })
  t.match((await system.run(['cat', `${place}/app`])).stderr, 'Permission denied')
})

t.test('the fetch child has no descriptor of the mount, and can get none', async (t) => {
  const { pid } = await hushfs.status()
  const child = await childOf(pid)
  t.notMatch(await system.output(['ls', '-l', `/proc/${child}/fd`]), /fuse|memfd/)
  t.match(await system.output(['ls', '-l', `/proc/${pid}/fd`]), '/dev/fuse', 'the server has it')
  const ids = /^Uid:\s+(\d+)/m.exec(await system.output(['cat', `/proc/${child}/status`]))?.[1] ?? '0'
  t.not(ids, '0')
  const asChild = ['setpriv', `--reuid=${ids}`, `--regid=${ids}`, '--clear-groups', '--inh-caps=-all']
  t.match((await system.run([...asChild, 'ls', `/proc/${pid}/fd`])).stderr, 'Permission denied')
  t.equal((await system.run([...asChild, 'test', '-r', `/proc/${pid}/mem`])).status, 1)
})

t.test('SIGKILL of the server: no reader notices', async (t) => {
  const hammer = hushfs.hammer('hammered', 8, 10_000)
  let kills = 0
  for (; hammer.running && kills < 20; kills++) await hushfs.signal('KILL')
  const { longestMs, ...counts } = await hammer.ended
  t.comment(`${kills} times; the longest pause of a read: ${longestMs} ms`)
  t.ok(kills > 2, `${kills} times while it was read`)
  t.strictSame(counts, { opens: 10_000, failed: 0, wrong: 0, error: '' })
  await bao.put('secret/app', { password: 'next' })
  await until('it follows the vault', async () => (await hushfs.cat('hammered')) === 'next')
})

t.test('a stop ends all of it', async (t) => {
  const { pid } = await hushfs.status()
  const child = await childOf(pid)
  const before = await tokens()
  await hushfs.systemctl('stop', UNIT)
  t.equal((await system.run(['test', '-e', `/proc/${child}`])).status, 1)
  t.equal(await tokens(), before - 1, 'it signed out')
})
