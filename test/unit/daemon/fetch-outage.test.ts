import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { vaultConfig } from '../../support/bao/client.ts'
import { startTlsBao } from '../../support/bao/tls.ts'
import { authority, certificate, type Certificate } from '../../support/certificates.ts'
import { Fetched, wanted } from '../../support/fetched.ts'
import { unhooked } from '../../support/process.ts'
import { until } from '../../support/until.ts'
import { needs } from '../../support/without.ts'

needs(t, 'bao')

const folder = t.testdir({})
const { bao, ca, server } = await startTlsBao(join(folder, 'tls'))
t.teardown(() => bao.stop())
const config = vaultConfig(bao, folder, { caFile: ca.cert, timeout: 2 })
await bao.put('secret/x', { password: 'value' })
const source = wanted('main', 'secret/x', 'password')

function install({ cert, key }: Certificate): void {
  copyFileSync(cert, server.cert)
  copyFileSync(key, server.key)
}

t.test('stopped, started sealed, unsealed: unavailable, then back', async (t) => {
  const fetched = new Fetched([config], [source])
  await fetched.until(0, 'value')
  await bao.stop()
  await fetched.until(0, /^unavailable: vault main \(https:.*\): secret\/x: connection refused$/)
  await bao.launch()
  await fetched.until(0, /^unavailable: .*: HTTP 503, Vault is sealed$/)
  await bao.unseal()
  await fetched.until(0, 'value')
  await bao.put('secret/x', { password: 'other' })
  await fetched.until(0, 'other')
  await bao.put('secret/x', { password: 'value' })
  await fetched.until(0, 'value')
  await fetched.client.stop()
  const versions = fetched.said[0]?.flatMap((value) => ('version' in value ? [value.version] : [])) ?? []
  t.equal(new Set(versions).size, 2, 'the same value has the same version again')
  t.strictSame(fetched.problems, [])
})

t.test('sealed while it runs', async (t) => {
  const fetched = new Fetched([config], [source])
  await fetched.until(0, 'value')
  await bao.must('POST', 'sys/seal')
  await fetched.until(0, /^unavailable: .*HTTP 503/)
  await bao.unseal()
  await fetched.until(0, 'value')
  await fetched.client.stop()
  t.pass('and back')
})

t.test('a certificate that has expired, and one of another authority', async (t) => {
  const good = certificate(folder, 'good', ca)
  const other = authority(folder, 'other')
  const cases: [Certificate, RegExp][] = [
    [certificate(folder, 'expired', ca, -1), /^unavailable: .*: its certificate has expired$/],
    [
      certificate(folder, 'foreign', other),
      /^unavailable: .*: its certificate is not signed by a known authority/,
    ],
  ]
  const fetched = new Fetched([config], [source])
  for (const [bad, reason] of cases) {
    await fetched.until(0, 'value')
    await bao.stop()
    install(bad)
    await bao.launch()
    await bao.unseal()
    await fetched.until(0, reason)
    install(good)
    bao.hangUp()
  }
  await fetched.until(0, 'value')
  await fetched.client.stop()
  t.pass('and back')
})

t.test('the authority of the public, and a file that comes later', async (t) => {
  const missing = join(folder, 'later.pem')
  const vaults = [
    { ...config, name: 'public', caFile: undefined },
    { ...config, name: 'later', caFile: missing },
  ]
  const fetched = new Fetched(
    vaults,
    vaults.map(({ name }) => wanted(name, 'secret/x', 'password')),
  )
  await fetched.until(
    0,
    /^unavailable: .*: its certificate is not signed by a known authority; give that as `caFile`$/,
  )
  await fetched.until(1, /^unavailable: .*: .*later\.pem: no such file \(read as user root\)$/)
  copyFileSync(ca.cert, missing)
  await fetched.until(1, 'value')
  await fetched.client.stop()
  t.pass('is found when it is there')
})

t.test('a child that dies is replaced', async (t) => {
  const fetched = new Fetched([config], [source])
  await fetched.until(0, 'value')
  const { pid } = fetched.client
  process.kill(pid ?? 0, 'SIGKILL')
  await fetched.until(0, 'unavailable: the fetch child ended: SIGKILL')
  await fetched.until(0, 'value')
  t.not(fetched.client.pid, pid)
  t.strictSame(fetched.problems, ['the fetch child ended: SIGKILL'])
  const said = fetched.said[0]?.length
  await fetched.client.stop()
  t.equal(fetched.said[0]?.length, said, 'an end that was asked for is no news')
})

t.test('the child has no file and no device', async (t) => {
  const fetched = new Fetched([config], [source])
  await fetched.until(0, 'value')
  const of = `/proc/${fetched.client.pid}`
  const open = readdirSync(`${of}/fd`).map((fd) => readlinkSync(`${of}/fd/${fd}`))
  t.strictSame(
    open.filter((target) => target.startsWith('/') && target !== '/dev/null' && !isOutput(target)),
    [],
  )
  await fetched.client.stop()
  t.notOk(existsSync(of))
})

/** What this test writes its own messages to. */
function isOutput(target: string): boolean {
  return target === readlinkSync('/proc/self/fd/2')
}

t.test('the child ends with its server, however that ends, and signs out', async (t) => {
  await bao.must('POST', 'sys/auth/approle', { type: 'approle' })
  await bao.must('POST', 'sys/policy/x', { policy: 'path "secret/*" { capabilities = ["read"] }' })
  const auth = await bao.appRole('x', { token_policies: ['x'] }, folder)
  const job = { vaults: [{ ...config, auth }], secrets: [{ index: 0, source }] }
  const program = join(folder, 'server.ts')
  const client = JSON.stringify(join(import.meta.dirname, '../../../src/daemon/fetch-client.ts'))
  writeFileSync(
    program,
    `import { FetchClient } from ${client}
const fetch = new FetchClient({
  job: ${JSON.stringify(job)},
  keys: new Uint8Array(64),
  onResults: () => console.log(fetch.pid),
})\n`,
  )
  const count = async () =>
    ((await bao.must('LIST', 'auth/token/accessors'))['data'] as { keys: string[] }).keys.length
  const before = await count()
  const [command, args] = unhooked(process.execPath, ['--import=tsx', program])
  const parent = execFile(command, args, { cwd: join(import.meta.dirname, '../../..') })
  const pid = await new Promise<number>((resolve) =>
    parent.stdout?.once('data', (text: string) => resolve(Number(text))),
  )
  t.ok(existsSync(`/proc/${pid}`))
  t.equal(await count(), before + 1)
  parent.kill('SIGKILL')
  await until('the child is gone', () => !existsSync(`/proc/${pid}`))
  t.equal(await count(), before)
})
