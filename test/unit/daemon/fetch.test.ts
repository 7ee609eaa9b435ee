import { join } from 'node:path'
import t from 'tap'
import { vaultConfig } from '../../support/bao/client.ts'
import { Proxy } from '../../support/bao/proxy.ts'
import { Bao } from '../../support/bao/server.ts'
import { Fetched, wanted } from '../../support/fetched.ts'
import { until } from '../../support/until.ts'
import { needs } from '../../support/without.ts'

needs(t, 'bao')

const folder = t.testdir({})
const bao = await Bao.start({ folder: join(folder, 'bao') })
const config = vaultConfig(bao, folder, { timeout: 1 })
const proxy = await Proxy.start(bao.address)
await bao.must('POST', 'sys/mounts/old', { type: 'kv', options: { version: '1' } })
t.teardown(async () => {
  proxy.stop()
  await bao.stop()
})

t.test('values come, and again when they change', async (t) => {
  await bao.put('secret/a', { password: 'one', user: 'me' })
  await bao.must('POST', 'old/b', { password: 'old' })
  const fetched = new Fetched(
    [config],
    [
      wanted('main', 'secret/a', 'password'),
      wanted('main', 'secret/a', 'user'),
      wanted('main', 'secret/a', 'password', { version: 1 }),
      wanted('main', 'old/b', 'password'),
    ],
  )
  await Promise.all(['one', 'me', 'one', 'old'].map((value, index) => fetched.until(index, value)))
  await bao.put('secret/a', { password: 'two', user: 'me' })
  await bao.must('POST', 'old/b', { password: 'new' })
  await fetched.until(0, 'two')
  await fetched.until(3, 'new')
  await fetched.client.stop()
  t.equal(fetched.now(2), 'one', 'a pinned version stays')
  t.strictSame(
    fetched.said.map(({ length }) => length),
    [2, 1, 1, 2],
    'nothing is said twice',
  )
  t.strictSame(fetched.problems, [])
})

t.test('when a value changed is what the server says', async (t) => {
  await bao.put('secret/dated', { password: 'x' })
  const { data } = await bao.must('GET', 'secret/data/dated')
  const { created_time: created } = (data as { metadata: { created_time: string } }).metadata
  const fetched = new Fetched([config], [wanted('main', 'secret/dated', 'password')])
  await fetched.until(0, 'x')
  t.match(fetched.said[0], [{ changedAt: Math.floor(Date.parse(created) / 1000) }])
  await fetched.client.stop()
})

t.test('what is deleted or forbidden is dropped, alone, and comes back', async (t) => {
  for (const name of ['kept', 'deleted', 'forbidden']) await bao.put(`secret/${name}`, { password: name })
  const rule = (name: string) => `path "secret/data/${name}" { capabilities = ["read"] }\n`
  const names = ['kept', 'deleted', 'forbidden']
  await bao.must('POST', 'sys/policy/three', { policy: names.map(rule).join('') })
  await bao.must('POST', 'sys/auth/approle', { type: 'approle' })
  const auth = await bao.appRole('three', { token_policies: ['three'] }, folder)
  const fetched = new Fetched(
    [{ ...config, auth }],
    names.map((name) => wanted('main', `secret/${name}`, 'password')),
  )
  await Promise.all(names.map((name, index) => fetched.until(index, name)))
  await bao.must('DELETE', 'secret/data/deleted')
  await fetched.until(1, /^failing: vault main: secret\/deleted: HTTP 404/)
  await bao.must('POST', 'sys/policy/three', { policy: rule('kept') + rule('deleted') })
  await fetched.until(2, /^failing: vault main: secret\/forbidden: HTTP 403/)
  await bao.must('POST', 'secret/undelete/deleted', { versions: [1] })
  await bao.must('POST', 'sys/policy/three', { policy: names.map(rule).join('') })
  await fetched.until(1, 'deleted')
  await fetched.until(2, 'forbidden')
  await fetched.client.stop()
  t.equal(fetched.said[0]?.length, 1)
})

t.test('a field that is gone, and one that is too long', async () => {
  await bao.put('secret/fields', { password: 'a', other: 'b' })
  const fields = ['password', 'other'].map((field) => wanted('main', 'secret/fields', field))
  const fetched = new Fetched([config], fields)
  await fetched.until(0, 'a')
  await fetched.until(1, 'b')
  await bao.put('secret/fields', { password: 'c' })
  await fetched.until(1, 'failing: vault main: secret/fields: it has no field `other`')
  await fetched.until(0, 'c')
  await bao.put('secret/fields', { password: 'x'.repeat((1 << 20) + 1), other: 'd' })
  await fetched.until(0, 'failing: the value is longer than 1 MiB')
  await fetched.until(1, 'd')
  await fetched.client.stop()
})

t.test('200 secrets with a latency of 50 ms: side by side, and each path asked for once', async (t) => {
  const paths = Array.from({ length: 100 }, (_, index) => `secret/many/${index}`)
  for (const path of paths) await bao.put(path, { password: `p ${path}`, user: `u ${path}` })
  proxy.asked.length = proxy.atOnce = 0
  proxy.latency = 50
  const sources = paths.flatMap((path) =>
    ['password', 'user'].map((field) => wanted('main', path, field, { refresh: 600 })),
  )
  const fetched = new Fetched([{ ...config, address: proxy.address, timeout: 10 }], sources)
  await Promise.all(
    sources.map(({ path, field }, index) => fetched.until(index, `${field.slice(0, 1)} ${path}`)),
  )
  await fetched.client.stop()
  proxy.latency = 0
  t.equal(proxy.count(/^GET secret\/data\/many\//), 100)
  t.equal(proxy.count(/mounts/), 1)
  t.equal(proxy.count(/lookup-self/), 1)
  t.equal(proxy.asked.length, 102, 'and nothing else')
  // 102 answers one after the other take 5 s, 32 at once 0.3 s.
  t.ok(proxy.atOnce >= 16 && proxy.atOnce <= 32, `${proxy.atOnce} at once`)
})

t.test('whether KV v2 changed is asked without the value', async (t) => {
  await bao.put('secret/cheap', { password: 'one' })
  proxy.asked.length = 0
  const fetched = new Fetched(
    [{ ...config, address: proxy.address }],
    [wanted('main', 'secret/cheap', 'password')],
  )
  await until('it was asked three times', () => proxy.count(/^GET secret\/metadata\/cheap/) >= 3)
  t.equal(proxy.count(/^GET secret\/data\/cheap/), 1)
  await bao.put('secret/cheap', { password: 'two' })
  await fetched.until(0, 'two')
  t.equal(proxy.count(/^GET secret\/data\/cheap/), 2)
  await fetched.client.stop()
})

t.test('a path that is never answered holds up no other, and recovers', async (t) => {
  for (const name of ['slow', 'quick']) await bao.put(`secret/${name}`, { password: name })
  proxy.holds = (path) => path.includes('/slow')
  const sources = ['slow', 'quick'].map((name) => wanted('main', `secret/${name}`, 'password'))
  const fetched = new Fetched([{ ...config, address: proxy.address }], sources)
  await fetched.until(1, 'quick')
  await fetched.until(0, /^unavailable: vault main \(http:.*\): secret\/slow: it did not answer within 1 s$/)
  await bao.put('secret/quick', { password: 'quicker' })
  await fetched.until(1, 'quicker')
  t.equal(fetched.said[1]?.length, 2)
  proxy.holds = () => false
  await fetched.until(0, 'slow')
  await fetched.client.stop()
})

t.test('a server that never answers holds up no other', async (t) => {
  await bao.put('secret/here', { password: 'here' })
  const dead = await Proxy.start(bao.address)
  dead.holds = () => true
  const vaults = [{ ...config, name: 'dead', address: dead.address, timeout: 4 }, config]
  const sources = Array.from({ length: 40 }, (_, index) => wanted('dead', `secret/${index}`, 'password'))
  const fetched = new Fetched(vaults, [...sources, wanted('main', 'secret/here', 'password')])
  await fetched.until(40, 'here')
  t.ok(
    fetched.said.slice(0, 40).every(({ length }) => length === 0),
    'before anything is known of the other',
  )
  await bao.put('secret/here', { password: 'still' })
  await fetched.until(40, 'still')
  await fetched.until(39, /^unavailable: .*it can't sign in: it did not answer within 4 s/)
  await fetched.client.stop()
  dead.stop()
})

t.test('a token that was revoked is replaced, for all who use it at once', async (t) => {
  await bao.put('secret/revoked', { password: 'one' })
  await bao.must('POST', 'sys/policy/revoked', { policy: 'path "secret/*" { capabilities = ["read"] }' })
  const auth = await bao.appRole('revoked', { token_policies: ['revoked'] }, folder)
  const fetched = new Fetched(
    [{ ...config, address: proxy.address, auth }],
    [undefined, 1].map((version) => wanted('main', 'secret/revoked', 'password', { version })),
  )
  await fetched.until(0, 'one')
  await fetched.until(1, 'one')
  proxy.asked.length = 0
  await bao.must('POST', 'sys/leases/revoke-prefix/auth/approle/login')
  await bao.put('secret/revoked', { password: 'two' })
  await fetched.until(0, 'two')
  await fetched.client.stop()
  t.equal(proxy.count(/approle\/login/), 1)
  t.ok(
    fetched.said.flat().every((value) => 'sealed' in value),
    'without a moment in which it failed',
  )
  t.equal(proxy.count(/revoke-self/), 2, 'the old token is revoked, and at the end the new one')
})

t.test('a path that is forbidden costs one look at the token each time, and no login', async (t) => {
  await bao.put('secret/allowed', { password: 'one' })
  await bao.must('POST', 'sys/policy/one', {
    policy: 'path "secret/data/allowed" { capabilities = ["read"] }',
  })
  const auth = await bao.appRole('one', { token_policies: ['one'] }, folder)
  const names = ['allowed', 'forbidden']
  const fetched = new Fetched(
    [{ ...config, address: proxy.address, auth }],
    names.map((name) => wanted('main', `secret/${name}`, 'password', { refresh: 600 })),
  )
  proxy.asked.length = 0
  await fetched.until(0, 'one')
  await fetched.until(1, /^failing: .*HTTP 403/)
  await fetched.client.stop()
  t.equal(proxy.count(/lookup-self/), 1)
  t.equal(proxy.count(/approle\/login/), 1)
  t.equal(proxy.count(/^GET secret\/data\/forbidden/), 1)
})
