/** A vault with storage, TLS and AppRole goes away and comes back, sealed and with other certificates: its readers don't notice. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startTlsBao } from '../support/bao/tls.ts'
import { certificate } from '../support/certificates.ts'
import { mounted } from '../support/mount.ts'
import { run } from '../support/process.ts'
import { until } from '../support/until.ts'
import { needs } from '../support/without.ts'

needs(t, 'bao')

const folder = t.testdir({})
const { bao, ca, server: files } = await startTlsBao(join(folder, 'tls'))
t.teardown(() => bao.stop())
await bao.must('POST', 'sys/auth/approle', { type: 'approle' })
await bao.must('POST', 'sys/policy/all', { policy: 'path "secret/*" { capabilities = ["read"] }' })
const { roleId, secretIdFile } = await bao.appRole('all', { token_policies: ['all'] }, folder)
const config = {
  vaults: {
    main: { address: bao.address, caFile: ca.cert, auth: { approle: { roleId, secretIdFile } } },
  },
  secrets: {
    token: { source: { vault: { path: 'secret/token', field: 'password', refresh: '1s' } } },
    beside: { source: { exec: { command: ['date', '+%N'], refresh: '1s' } } },
  },
}

await bao.put('secret/token', { password: 'one' })
const server = await mounted(t, config)
const value = async () => (await server.cat('token')).toString()
const isStale = (why: RegExp) =>
  until(`it is stale: ${String(why)}`, async () => {
    const { failing, stale } = await server.status()
    if (failing.length > 0) throw new Error(JSON.stringify(failing))
    return stale.some(({ name, reason, since }) => name === 'token' && why.test(reason) && since !== null)
  })
/** Another value comes through, and nothing is stale any more. */
async function comesBack(next: string): Promise<void> {
  await bao.put('secret/token', { password: next })
  await until('the next value is there', async () => (await value()) === next)
  const { secrets } = await server.status()
  t.match(secrets, { failing: 0, stale: 0 })
}

t.test('stopped, and started sealed', async (t) => {
  await bao.stop()
  await isStale(/connection refused$/)
  t.equal(await value(), 'one')
  const before = await server.cat('beside')
  await until('another secret goes on', async () => !before.equals(await server.cat('beside')))
  await bao.launch()
  await isStale(/HTTP 503, Vault is sealed$/)
  t.equal(await value(), 'one')
  await bao.unseal()
  await comesBack('two')
})

t.test('a certificate that has expired', async () => {
  const good = certificate(folder, 'good', ca)
  const expired = certificate(folder, 'expired', ca, -1)
  const install = ({ cert, key }: typeof good) => {
    copyFileSync(cert, files.cert)
    copyFileSync(key, files.key)
  }
  await bao.stop()
  install(expired)
  await bao.launch()
  await bao.unseal()
  await isStale(/its certificate has expired$/)
  t.equal(await value(), 'two')
  install(good)
  bao.hangUp()
  await comesBack('three')
})

t.test('the server signs out at its end', async (t) => {
  const accessors = async () =>
    ((await bao.must('LIST', 'auth/token/accessors'))['data'] as { keys: string[] }).keys.length
  const before = await accessors()
  await server.end()
  t.equal(await accessors(), before - 1)
  t.equal((await run('ls', [server.place])).stdout.toString(), '', 'the mount is gone')
})
