import { generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { VaultAuth } from '../../../src/config/config.ts'
import { VaultClient } from '../../../src/kv/client.ts'
import { vaultSource } from '../../../src/sources/vault.ts'
import { read, readOnce, vaultConfig } from '../../support/bao/client.ts'
import { startTlsBao } from '../../support/bao/tls.ts'
import { certificate } from '../../support/certificates.ts'
import { until } from '../../support/until.ts'
import { needs } from '../../support/without.ts'

needs(t, 'bao')

const folder = t.testdir({})
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const { bao, ca } = await startTlsBao(join(folder, 'tls'))
t.teardown(() => bao.stop())
await bao.put('secret/x', { password: 'value' })
await bao.must('POST', 'sys/policy/x', { policy: 'path "secret/data/x" { capabilities = ["read"] }' })
for (const type of ['approle', 'cert', 'jwt']) await bao.must('POST', `sys/auth/${type}`, { type })
const config = vaultConfig(bao, folder, { caFile: ca.cert })
const readAs = (auth: VaultAuth, namespace?: string) =>
  readOnce({ ...config, auth, namespace }, 'secret/x', 'password')

/** Accessors of the tokens that there are. */
async function tokens(): Promise<string[]> {
  const { data } = await bao.must('LIST', 'auth/token/accessors')
  return (data as { keys: string[] }).keys.sort()
}

t.test('a token of a file', async (t) => {
  const { auth } = await bao.must('POST', 'auth/token/create', { policies: ['x'] })
  const token = (auth as { client_token: string }).client_token
  const before = await tokens()
  t.equal(await readAs({ kind: 'token', tokenFile: file('token', `${token}\n`) }), 'value')
  t.strictSame(await tokens(), before, 'is not revoked afterwards')
  await t.rejects(readAs({ kind: 'token', tokenFile: file('wrong', 's.wrong') }), {
    code: 'ERR_SOURCE',
    message: /HTTP 403/,
  })
})

t.test('AppRole', async (t) => {
  const before = await tokens()
  const auth = await bao.appRole('x', { token_policies: ['x'] }, folder)
  t.equal(await readAs(auth), 'value')
  const { roleId, ...rest } = auth
  t.equal(await readAs({ ...rest, roleIdFile: file('role-id', `${roleId}\n`) }), 'value')
  t.strictSame(await tokens(), before, 'its token is revoked')
  const wrong = { ...auth, secretIdFile: file('wrong-id', 'not-the-secret-id') }
  await t.rejects(readAs(wrong), {
    code: 'ERR_SOURCE',
    message: "vault main: secret/x: it can't sign in: HTTP 400, invalid role or secret ID",
  })
  await t.rejects(readAs({ ...auth, mount: 'nowhere' }), {
    code: 'ERR_SOURCE',
    message: /can't sign in: HTTP 403/,
  })
})

t.test('a client certificate', async (t) => {
  const own = certificate(folder, 'client', ca)
  await bao.must('POST', 'auth/cert/certs/x', {
    certificate: readFileSync(ca.cert, 'utf8'),
    token_policies: 'x',
  })
  const auth = { kind: 'cert', certFile: own.cert, keyFile: own.key, role: undefined, mount: 'cert' } as const
  t.equal(await readAs(auth), 'value')
  t.equal(await readAs({ ...auth, role: 'x' }), 'value')
  await t.rejects(readAs({ ...auth, role: 'other' }), {
    code: 'ERR_SOURCE',
    message: /can't sign in: HTTP 400/,
  })
  await t.rejects(readAs({ ...auth, keyFile: certificate(folder, 'other', ca).key }), {
    code: 'ERR_UNAVAILABLE',
    message: /client\.pem and .*other\.key: no certificate with its private key, in PEM$/,
  })
})

t.test('a JWT', async (t) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwt = (expires: number) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signed = `${part({ alg: 'ES256' })}.${part({ iss: 'test', sub: 'host', aud: 'vault', nbf: expires - 1200, exp: expires })}`
    const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return `${signed}.${signature.toString('base64url')}`
  }
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  await bao.must('POST', 'auth/jwt/config', { jwt_validation_pubkeys: [pem], bound_issuer: 'test' })
  const role = { role_type: 'jwt', user_claim: 'sub', bound_audiences: ['vault'], token_policies: ['x'] }
  await bao.must('POST', 'auth/jwt/role/host', role)
  const now = Math.floor(Date.now() / 1000)
  const auth = { kind: 'jwt', role: 'host', jwtFile: file('jwt', jwt(now + 600)), mount: 'jwt' } as const
  t.equal(await readAs(auth), 'value')
  const expired = jwt(now - 600)
  const error = await readAs({ ...auth, jwtFile: file('expired', expired) }).catch(
    (error: unknown) => error as Error,
  )
  t.match(error, { code: 'ERR_SOURCE', message: /can't sign in: HTTP 400, .*expired/ })
  t.notMatch(String(error), expired)
})

t.test('a file that is not there, not readable, empty or no credential', async (t) => {
  const signIn = "vault main \\(https://127\\.0\\.0\\.1:\\d+\\): secret/x: it can't sign in: "
  const cases: [VaultAuth, string][] = [
    [{ kind: 'token', tokenFile: '/nowhere/token' }, '/nowhere/token: no such file \\(read as user root\\)$'],
    [{ kind: 'token', tokenFile: file('empty', ' \n') }, `${folder}/empty: it is empty$`],
    [{ kind: 'token', tokenFile: file('binary', 'two words') }, `${folder}/binary: it holds no token$`],
    [{ kind: 'token', tokenFile: folder }, `${folder}: not a regular file`],
    [{ kind: 'jwt', role: 'x', jwtFile: '/nowhere/jwt', mount: 'jwt' }, '/nowhere/jwt: no such file'],
  ]
  for (const [auth, message] of cases)
    await t.rejects(readAs(auth), { code: 'ERR_UNAVAILABLE', message: new RegExp(signIn + message) })
})

t.test('a token is renewed before it ends, and replaced where it can be renewed no more', async (t) => {
  const auth = await bao.appRole(
    'short',
    { token_policies: ['x'], token_ttl: '5s', token_max_ttl: '7s' },
    folder,
  )
  const before = await tokens()
  const client = new VaultClient({ ...config, auth }, true)
  t.equal(await read(client, 'secret/x', 'password'), 'value')
  const [first] = (await tokens()).filter((accessor) => !before.includes(accessor))
  const look = async (accessor = first) =>
    (await bao.api('POST', 'auth/token/lookup-accessor', { accessor })).data['data']
  const { last_renewal_time: never } = (await look()) as { last_renewal_time?: number }
  t.equal(never, undefined)
  await until(
    'it was renewed',
    async () =>
      ((await look()) as { last_renewal_time?: number } | undefined)?.last_renewal_time !== undefined,
  )
  await until('there is another one', async () =>
    (await tokens()).some((accessor) => accessor !== first && !before.includes(accessor)),
  )
  await until('the first has ended', async () => !(await tokens()).includes(first ?? ''))
  t.equal(await read(client, 'secret/x', 'password'), 'value')
  await client.close()
})

t.test('a token file that rotates', async (t) => {
  const create = async () => {
    const { auth } = await bao.must('POST', 'auth/token/create', { policies: ['x'] })
    return auth as { client_token: string; accessor: string }
  }
  const first = await create()
  const tokenFile = file('rotating', first.client_token)
  const client = new VaultClient({ ...config, auth: { kind: 'token', tokenFile } }, true)
  t.equal(await read(client, 'secret/x', 'password'), 'value')
  await bao.must('POST', 'auth/token/revoke-accessor', { accessor: first.accessor })
  await t.rejects(read(client, 'secret/x', 'password'), { code: 'ERR_SOURCE', message: /HTTP 403/ })
  file('rotating', (await create()).client_token)
  t.equal(await read(client, 'secret/x', 'password'), 'value')
  await client.close()
})

t.test('the clock is set back after a sign-in that failed: the next one is not put off', async (t) => {
  const tokenFile = join(folder, 'late')
  const client = new VaultClient({ ...config, auth: { kind: 'token', tokenFile } }, true)
  await t.rejects(read(client, 'secret/x', 'password'), { code: 'ERR_UNAVAILABLE' })
  const now = Date.now
  t.teardown(() => (Date.now = now))
  Date.now = () => now() - 86_400_000
  file('late', bao.token)
  await until('it signs in', () => read(client, 'secret/x', 'password').then(Boolean, () => false), 5000)
  t.equal(await read(client, 'secret/x', 'password'), 'value')
  await client.close()
})

t.test('a policy that lets a token not even look at itself', async (t) => {
  const auth = await bao.appRole('bare', { token_policies: ['x'], token_no_default_policy: true }, folder)
  const client = new VaultClient({ ...config, auth }, true)
  t.equal(await read(client, 'secret/x', 'password'), 'value')
  const before = await tokens()
  for (let times = 0; times < 5; times++)
    await t.rejects(read(client, 'secret/other', 'password'), { code: 'ERR_SOURCE' })
  t.equal(
    (await tokens()).length - before.length,
    1,
    'it signs in once to see whether that helps, not each time',
  )
  t.equal(await read(client, 'secret/x', 'password'), 'value')
  await client.close()
})

t.test('the source reads once, and leaves no token', async (t) => {
  const auth = await bao.appRole('once', { token_policies: ['x'] }, folder)
  const context = { identities: [], identityProblems: [], vaults: [{ ...config, auth }] }
  const spec = {
    kind: 'vault',
    server: 'main',
    path: 'secret/x',
    field: 'password',
    version: undefined,
    refresh: 60,
  } as const
  const before = await tokens()
  t.equal(Buffer.from(await vaultSource.open(spec, 'name', context)).toString(), 'value')
  await t.rejects(vaultSource.open({ ...spec, field: 'none' }, 'name', context), {
    code: 'ERR_SOURCE',
    message: 'vault main: secret/x: it has no field `none`',
  })
  await t.rejects(vaultSource.open({ ...spec, server: 'none' }, 'name', context), { code: 'ERR_SOURCE' })
  t.strictSame(await tokens(), before)
})
