import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readOnce, vaultConfig } from '../support/bao/client.ts'
import { Proxy } from '../support/bao/proxy.ts'
import { Bao } from '../support/bao/server.ts'
import { runHushfs } from '../support/run-hushfs.ts'
import { needs } from '../support/without.ts'

needs(t, 'bao')

const folder = t.testdir({})
const bao = await Bao.start({ folder: join(folder, 'bao') })
t.teardown(() => bao.stop())
await bao.must('POST', 'sys/mounts/old', { type: 'kv', options: { version: '1' } })
await bao.mountV2('deep/er')
await bao.put('secret/db', { password: 'hushfs-sentinel-9a41', user: 'me' })
await bao.put('secret/other', { password: 'x' })
await bao.must('POST', 'deep/er/data/a', { data: { password: 'x' } })
await bao.must('POST', 'old/b', { password: 'x' })
const config = vaultConfig(bao, folder)

const configuration = `vaults:
  main: {address: "${bao.address}", auth: {tokenFile: ${join(folder, 'root-token')}}}
secrets:
  password: {source: {vault: {path: secret/db, field: password}}}
  user: {source: {vault: {path: secret/db, field: user, version: 1}}}
  deep: {source: {vault: {path: deep/er/a, field: password}}}
  old: {source: {vault: {path: old/b, field: password}}}
`
const file = join(folder, 'c.yaml')

/** A token that this policy alone lets do something. */
async function tokenOf(policy: string): Promise<string> {
  await bao.must('POST', 'sys/policy/test', { policy })
  const { auth } = await bao.must('POST', 'auth/token/create', { policies: ['test'] })
  return (auth as { client_token: string }).client_token
}

t.test('check opens the secrets of a vault, each by itself, and signs in once', async (t) => {
  await bao.must('POST', 'sys/auth/approle', { type: 'approle' })
  await bao.must('POST', 'sys/policy/all', { policy: 'path "*" { capabilities = ["read"] }' })
  const { roleId, secretIdFile } = await bao.appRole('check', { token_policies: ['all'] }, folder)
  const proxy = await Proxy.start(bao.address)
  const login = { address: proxy.address, auth: { approle: { roleId, secretIdFile } } }
  const signedIn = configuration.replace(/main: .*/, `main: ${JSON.stringify(login)}`)
  writeFileSync(file, `${signedIn}  none: {source: {vault: {path: secret/none, field: x}}}\n`)
  const { status, stdout } = await runHushfs(['check', '--config', file])
  proxy.stop()
  t.equal(status, 1)
  t.strictSame(stdout.trimEnd().split('\n').sort(), [
    'failing  none      vault   root:root 0400  vault main: secret/none: HTTP 404: there is no such secret, or the version was deleted or destroyed',
    'ok       deep      vault   root:root 0400  1 bytes',
    'ok       old       vault   root:root 0400  1 bytes',
    'ok       password  vault   root:root 0400  20 bytes',
    'ok       user      vault   root:root 0400  2 bytes',
  ])
  t.equal(proxy.count(/approle\/login/), 1)
  t.equal(proxy.count(/revoke-self/), 1)
})

t.test('get prints one', async (t) => {
  writeFileSync(file, configuration)
  const { status, stdout } = await runHushfs(['get', 'user', '--config', file])
  t.equal(status, 0)
  t.equal(stdout, 'me')
})

async function works(t: Test, policy: string): Promise<void> {
  const tokenFile = join(folder, 'limited')
  writeFileSync(tokenFile, await tokenOf(policy))
  const limited = { ...config, auth: { kind: 'token', tokenFile } } as const
  t.equal(await readOnce(limited, 'secret/db', 'user'), 'me')
  t.equal(await readOnce(limited, 'deep/er/a', 'password'), 'x')
  t.equal(await readOnce(limited, 'old/b', 'password'), 'x')
  await t.rejects(readOnce(limited, 'secret/other', 'password'), { code: 'ERR_SOURCE', message: /HTTP 403/ })
  const token = await tokenOf(policy)
  t.equal((await bao.api('GET', 'secret/metadata/db', undefined, { token })).status, 200)
}

t.test('the policy that check prints is what the secrets need, and no more', async (t) => {
  writeFileSync(file, configuration)
  const { status, stdout, stderr } = await runHushfs(['check', '--policy', '--config', file])
  t.equal(stderr, '')
  t.equal(status, 0)
  const paths = [...stdout.matchAll(/^path "(.*)" \{$/gm)].map(([, path]) => path)
  const v2 = ['deep/er/data/a', 'deep/er/metadata/a', 'secret/data/db', 'secret/metadata/db']
  t.strictSame(paths.sort(), [...v2, 'old/b'].sort())
  t.match(stdout, `# For vault main (${bao.address}).`)
  await works(t, stdout)
  const json = await runHushfs(['check', '--policy', '--json', '--config', file])
  const { vaults } = JSON.parse(json.stdout) as {
    vaults: { name: string; namespace: null; policy: string }[]
  }
  t.match(vaults, [{ name: 'main', namespace: null }])
  await works(t, vaults[0]?.policy ?? '')
})

t.test('without asking the server, both forms, as comments', async (t) => {
  const text = configuration.replace(/deep: .*\n/, 'x: {source: {vault: {path: secret/db, field: other}}}\n')
  writeFileSync(file, text)
  const { status, stdout, stderr } = await runHushfs(['check', '--policy', '--offline', '--config', file])
  t.equal(status, 0)
  t.match(stderr, /^hushfs: warning: the mounts of some paths are not known/)
  t.notMatch(stdout, /^path/m)
  for (const path of ['secret/data/db', 'secret/metadata/db', 'secret/db', 'old/data/b', 'old/b'])
    t.match(stdout, `# path "${path}" {\n#   capabilities = ["read"]\n# }`)
  await bao.must('POST', 'sys/policy/test', { policy: stdout })
  await bao.must('POST', 'sys/policy/test', { policy: stdout.replace(/^# (path|  |\})/gm, '$1') })
  const unreachable = text.replace(bao.address, 'http://127.0.0.1:1')
  writeFileSync(file, unreachable)
  const other = await runHushfs(['check', '--policy', '--config', file])
  t.equal(other.status, 0)
  t.match(other.stdout, /# secret\/db: its mount is not known \(vault main .*: connection refused\)\./)
})

t.test('--offline alone says nothing of a policy', async (t) => {
  const { status, stderr } = await runHushfs(['check', '--offline', '--config', file])
  t.equal(status, 2)
  t.match(stderr, '--offline goes with --policy')
})
