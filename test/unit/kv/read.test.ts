import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { VaultClient } from '../../../src/kv/client.ts'
import { read, readOnce, vaultConfig } from '../../support/bao/client.ts'
import { Bao } from '../../support/bao/server.ts'
import { needs } from '../../support/without.ts'

needs(t, 'bao')

const folder = t.testdir({})
const bao = await Bao.start({ folder: join(folder, 'bao') })
await bao.must('POST', 'sys/mounts/old', { type: 'kv', options: { version: '1' } })
await bao.mountV2('deep/er')
await bao.must('POST', 'sys/mounts/transit', { type: 'transit' })
const config = vaultConfig(bao, folder)
const client = new VaultClient(config, false)
t.teardown(async () => {
  await client.close()
  await bao.stop()
})

const missing = {
  code: 'ERR_SOURCE',
  message: /HTTP 404: there is no such secret, or the version was deleted or destroyed$/,
}

t.test('the bytes of a string, and the JSON of everything else', async (t) => {
  const text = 'ü\u0000\n"\\ <&> \u2028 😀'
  await bao.put('secret/types', {
    text,
    empty: '',
    number: 12.5,
    yes: true,
    map: { b: [1, null, 'x'], a: {} },
    none: null,
  })
  for (const [field, value] of Object.entries({
    text,
    empty: '',
    number: '12.5',
    yes: 'true',
    map: '{"a":{},"b":[1,null,"x"]}',
  }))
    t.equal(await read(client, 'secret/types', field), value, field)
  await t.rejects(read(client, 'secret/types', 'none'), {
    code: 'ERR_SOURCE',
    message: 'vault main: secret/types: its field `none` is null',
  })
  await t.rejects(read(client, 'secret/types', 'nope'), {
    code: 'ERR_SOURCE',
    message: 'vault main: secret/types: it has no field `nope`',
  })
  await t.rejects(read(client, 'secret/types', 'toString'), { code: 'ERR_SOURCE' })
})

t.test('a reading is gone when it was wiped', async (t) => {
  const reading = await client.read('secret/types', undefined)
  reading.wipe()
  t.throws(() => reading.field('text'), { code: 'ERR_UNAVAILABLE' })
})

t.test('KV v1, and mounts with slashes', async (t) => {
  await bao.must('POST', 'old/a/b', { password: 'one' })
  t.equal(await read(client, 'old/a/b', 'password'), 'one')
  await bao.must('POST', 'deep/er/data/x', { data: { password: 'two' } })
  t.equal(await read(client, 'deep/er/x', 'password'), 'two')
  t.strictSame(await client.mount('deep/er/x'), { path: 'deep/er/', version: 2 })
  await t.rejects(read(client, 'deep/er', 'password'), {
    message: 'vault main: deep/er: the path names a mount, `deep/er/`, and no secret in it',
  })
  await t.rejects(read(client, 'old/a/b', 'password', 1), { message: /KV v1 \(`old\/`\) has no versions/ })
  await t.rejects(read(client, 'old/a', 'password'), missing)
})

t.test('paths with characters that mean something in a URL', async (t) => {
  for (const path of ['a b', 'ü', 'x?y=1#z', 'per%2fcent', 'plus+&=', '...']) {
    await bao.must('POST', `secret/data/${encodeURIComponent(path)}/end`, { data: { password: path } })
    t.equal(await read(client, `secret/${path}/end`, 'password'), path)
  }
})

t.test('the latest version, a pinned one, and one that is gone', async (t) => {
  for (const password of ['first', 'second', 'third']) await bao.put('secret/versions', { password })
  const reading = (version?: number) => read(client, 'secret/versions', 'password', version)
  t.equal(await reading(), 'third')
  t.equal(await reading(1), 'first')
  await t.rejects(reading(4), missing)
  await bao.must('POST', 'secret/destroy/versions', { versions: [1] })
  await t.rejects(reading(1), missing, 'destroyed')
  t.equal(await reading(), 'third')
  await bao.must('DELETE', 'secret/data/versions')
  await t.rejects(reading(), missing, 'deleted')
  await bao.must('POST', 'secret/undelete/versions', { versions: [3] })
  t.equal(await reading(), 'third')
  await bao.must('DELETE', 'secret/metadata/versions')
  await t.rejects(reading(), missing, 'all of it deleted')
})

t.test('a stamp is that of the reading until something changes', async (t) => {
  const stampOf = async (version?: number) => (await client.read('secret/stamp', version)).facts?.stamp
  await bao.put('secret/stamp', { password: 'a' })
  const first = await stampOf()
  t.type(first, 'string')
  t.equal(await client.stamp('secret/stamp', undefined), first)
  await bao.put('secret/stamp', { password: 'b' })
  t.not(await client.stamp('secret/stamp', undefined), first)
  t.equal(await client.stamp('secret/stamp', undefined), await stampOf())
  t.equal(await client.stamp('secret/stamp', 1), first, 'that of a pinned version stays')
  await bao.must('POST', 'secret/destroy/stamp', { versions: [1] })
  t.not(await client.stamp('secret/stamp', 1), first)
  t.equal(await client.stamp('old/a/b', undefined), undefined, 'KV v1 has none')
  await bao.must('POST', 'secret/metadata/stamp', { delete_version_after: '1h' })
  await bao.put('secret/stamp', { password: 'c' })
  t.equal(await client.stamp('secret/stamp', undefined), undefined, 'a version that will end has none')
})

t.test('a secret that was made anew under its name has another stamp', async (t) => {
  await bao.put('secret/anew', { password: 'a' })
  const before = await client.stamp('secret/anew', undefined)
  await bao.must('DELETE', 'secret/metadata/anew')
  await bao.put('secret/anew', { password: 'b' })
  t.not(await client.stamp('secret/anew', undefined), before)
})

t.test('what a policy forbids, and that only', async (t) => {
  await bao.put('secret/mine', { password: 'mine' })
  await bao.put('secret/theirs', { password: 'theirs' })
  await bao.must('POST', 'sys/policy/mine', { policy: 'path "secret/data/mine" { capabilities = ["read"] }' })
  const { auth } = await bao.must('POST', 'auth/token/create', { policies: ['mine'] })
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, `${(auth as { client_token: string }).client_token}\n`)
  const limited = new VaultClient({ ...config, auth: { kind: 'token', tokenFile } }, false)
  t.equal(await read(limited, 'secret/mine', 'password'), 'mine')
  const forbidden = {
    code: 'ERR_SOURCE',
    message:
      /^vault main: secret\/theirs: HTTP 403, .*: the token is refused or its policy does not let it read this$/,
  }
  await t.rejects(read(limited, 'secret/theirs', 'password'), forbidden)
  await t.rejects(read(limited, 'nowhere/at/all', 'password'), { code: 'ERR_SOURCE', message: /HTTP 403/ })
  t.equal(await limited.stamp('secret/mine', undefined), undefined, 'its metadata is forbidden')
  await bao.must('POST', 'sys/policy/mine', {
    policy: 'path "secret/data/other" { capabilities = ["read"] }',
  })
  await t.rejects(read(limited, 'secret/mine', 'password'), { code: 'ERR_SOURCE', message: /HTTP 403/ })
  await limited.close()
})

t.test('a namespace is a world of its own', async (t) => {
  await bao.must('POST', 'sys/namespaces/team')
  await bao.must(
    'POST',
    'sys/mounts/secret',
    { type: 'kv', options: { version: '2' } },
    { namespace: 'team' },
  )
  await bao.put('secret/who', { password: 'the team' }, 'team')
  await bao.put('secret/who', { password: 'the root' })
  t.equal(await readOnce({ ...config, namespace: 'team' }, 'secret/who', 'password'), 'the team')
  t.equal(await readOnce(config, 'secret/who', 'password'), 'the root')
  await t.rejects(readOnce({ ...config, namespace: 'nobody' }, 'secret/who', 'password'), {
    code: 'ERR_SOURCE',
    message: /HTTP 404, namespace not found/,
  })
})

t.test('other engines are not read: reading one may make a credential', async (t) => {
  const refused = {
    code: 'ERR_SOURCE',
    message: 'vault main: transit/keys/x: `transit/` is no KV secrets engine but transit',
  }
  await t.rejects(read(client, 'transit/keys/x', 'password'), refused)
})

t.test('a mount that was replaced by one of the other version', async (t) => {
  await bao.must('POST', 'sys/mounts/changing', { type: 'kv', options: { version: '1' } })
  await bao.must('POST', 'changing/x', { password: 'one' })
  t.equal(await read(client, 'changing/x', 'password'), 'one')
  await bao.must('DELETE', 'sys/mounts/changing')
  await bao.mountV2('changing')
  await bao.put('changing/x', { password: 'two' })
  await t.rejects(read(client, 'changing/x', 'password'), { code: 'ERR_SOURCE' })
  t.equal(await read(client, 'changing/x', 'password'), 'two', 'the next question finds out')
})
