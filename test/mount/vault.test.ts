/** Secrets of a vault in a running server: what its readers get while the vault is well, and while it isn't. */
import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Proxy } from '../support/bao/proxy.ts'
import { Bao } from '../support/bao/server.ts'
import { copiesInMemory, descendants } from '../support/memory.ts'
import { mounted, type Mounted } from '../support/mount.ts'
import { run } from '../support/process.ts'
import { until } from '../support/until.ts'
import { needs } from '../support/without.ts'

needs(t, 'bao')

const folder = t.testdir({})
const bao = await Bao.start({ folder: join(folder, 'bao') })
const proxy = await Proxy.start(bao.address)
t.teardown(async () => {
  proxy.stop()
  await bao.stop()
})
await bao.must('POST', 'sys/auth/approle', { type: 'approle' })
await bao.must('POST', 'sys/policy/all', { policy: 'path "secret/*" { capabilities = ["read"] }' })
const { roleId, secretIdFile } = await bao.appRole('all', { token_policies: ['all'] }, folder)
const approle = { approle: { roleId, secretIdFile } }

interface Vault {
  readonly address: string
  readonly auth?: object
  readonly timeout?: string
  readonly maxStale?: string
}

/** Vaults, secrets as `vault path`, and beside them one that is in no vault. */
const configured = (vaults: Record<string, Vault>, secrets: Record<string, string>, rest: object = {}) => ({
  vaults: Object.fromEntries(
    Object.entries(vaults).map(([name, vault]) => [name, { auth: approle, timeout: '1s', ...vault }]),
  ),
  secrets: {
    beside: { source: { text: 'beside' } },
    ...Object.fromEntries(
      Object.entries(secrets).map(([name, text]) => {
        const [server, path] = text.split(' ')
        return [name, { source: { vault: { server, path, field: 'password', refresh: '1s' } } }]
      }),
    ),
  },
  ...rest,
})

const direct: Vault = { address: bao.address }
const proxied: Vault = { address: proxy.address }
const put = (name: string, password: string) => bao.put(`secret/${name}`, { password })

const read = async (server: Mounted, name: string) => {
  const { status, stdout, stderr } = await run('cat', [server.path(name)])
  return status === 0 ? stdout.toString() : stderr.includes('Input/output error') ? 'EIO' : stderr
}
const becomes = (server: Mounted, name: string, value: string) =>
  until(`${name} is ${value}`, async () => (await read(server, name)) === value)
/** What `status` says of it. */
const troubleOf = async (server: Mounted, name: string) => {
  const { failing, stale } = await server.status()
  const [failed, kept] = [failing, stale].map((list) => list.find((trouble) => trouble.name === name))
  return failed ? `failing: ${failed.reason}` : kept ? `stale: ${kept.reason}` : 'ok'
}
const isInTrouble = (server: Mounted, name: string, what: RegExp) =>
  until(`${name} is ${String(what)}`, async () => what.test(await troubleOf(server, name)))
const wholeAndFresh = async (t: Test, server: Mounted, ...names: string[]) => {
  for (const name of [...names, 'beside']) t.equal(await troubleOf(server, name), 'ok')
}

t.test('a rotation is there with the first answer after it', async (t) => {
  await put('rotated', 'one')
  const server = await mounted(t, configured({ main: proxied }, { rotated: 'main secret/rotated' }))
  t.match(server.log, /ready: 2 secrets \(0 failing\)/)
  t.equal(await read(server, 'rotated'), 'one')
  await put('rotated', 'two')
  const asked = proxy.count(/rotated/)
  await becomes(server, 'rotated', 'two')
  // One question may have been under way; the next one tells, and is followed by one for the value.
  t.ok(proxy.count(/rotated/) - asked <= 4, `${proxy.count(/rotated/) - asked} questions`)
})

t.test('a vault that is away keeps the last values, and no other secret suffers', async (t) => {
  await put('kept', 'one')
  const own = await Proxy.start(bao.address)
  t.teardown(() => own.stop())
  const vaults = { main: { address: own.address }, other: direct }
  const secrets = { kept: 'main secret/kept', other: 'other secret/kept' }
  const server = await mounted(t, configured(vaults, secrets))
  const trouble: [string, () => void, RegExp][] = [
    ['an answer after 30 s', () => (own.latency = 30_000), /^stale: .*it did not answer within 1 s/],
    ['garbage', () => (own.nonsense = '<html>'), /^stale: .*/],
    ['half an answer', () => (own.nonsense = '{"data":{"data":{"password":"gar'), /^stale: .*/],
  ]
  for (const [name, begin, what] of trouble) {
    begin()
    await isInTrouble(server, 'kept', what)
    t.equal(await read(server, 'kept'), 'one', name)
    await put('kept', name)
    await becomes(server, 'other', name)
    await wholeAndFresh(t, server, 'other')
    own.latency = 0
    own.nonsense = undefined
    await becomes(server, 'kept', name)
    await wholeAndFresh(t, server, 'kept')
    await put('kept', 'one')
    await becomes(server, 'kept', 'one')
  }
  t.match(server.log, 'secret kept: its last value is served')
  t.match(server.log, 'secret kept: it is served again')
})

t.test('what is deleted or forbidden is dropped, alone, and comes back', async (t) => {
  const names = ['first', 'second', 'third']
  for (const name of names) await put(name, name)
  const rule = (name: string) => `path "secret/data/${name}" { capabilities = ["read"] }\n`
  const allow = (allowed: string[]) =>
    bao.must('POST', 'sys/policy/some', { policy: allowed.map(rule).join('') })
  await allow(names)
  const role = await bao.appRole('some', { token_policies: ['some'] }, folder)
  const auth = { approle: { roleId: role.roleId, secretIdFile: role.secretIdFile } }
  const secrets = Object.fromEntries(names.map((name) => [name, `main secret/${name}`]))
  const server = await mounted(t, configured({ main: { ...direct, auth } }, secrets))
  await bao.must('DELETE', 'secret/data/first')
  await allow(['first', 'third'])
  await isInTrouble(server, 'first', /^failing: vault main: secret\/first: HTTP 404/)
  await isInTrouble(server, 'second', /^failing: vault main: secret\/second: HTTP 403/)
  t.equal(await read(server, 'first'), 'EIO')
  t.equal(await read(server, 'second'), 'EIO')
  t.equal(await read(server, 'third'), 'third')
  await wholeAndFresh(t, server, 'third')
  await bao.must('POST', 'secret/undelete/first', { versions: [1] })
  await allow(names)
  for (const name of names) await becomes(server, name, name)
  await wholeAndFresh(t, server, ...names)
})

t.test('a token that was revoked is no trouble', async (t) => {
  await put('revoked', 'one')
  const server = await mounted(t, configured({ main: direct }, { revoked: 'main secret/revoked' }))
  await bao.must('POST', 'sys/leases/revoke-prefix/auth/approle/login')
  await put('revoked', 'two')
  await becomes(server, 'revoked', 'two')
  t.notMatch(server.log, 'secret revoked')
})

t.test('a value is kept for maxStale and no longer; then its vault brings it back', async (t) => {
  await put('old', 'one')
  const own = await Proxy.start(bao.address)
  t.teardown(() => own.stop())
  const vault = { address: own.address, maxStale: '2s' }
  const server = await mounted(t, configured({ main: vault }, { old: 'main secret/old' }))
  own.holds = () => true
  await isInTrouble(server, 'old', /^stale/)
  t.equal(await read(server, 'old'), 'one')
  await isInTrouble(server, 'old', /^failing: .*it did not answer within 1 s/)
  t.equal(await read(server, 'old'), 'EIO')
  await wholeAndFresh(t, server)
  own.holds = () => false
  await becomes(server, 'old', 'one')
})

t.test('a server that starts before its vault', async (t) => {
  await put('late', 'one')
  const own = await Proxy.start(bao.address)
  t.teardown(() => own.stop())
  own.holds = () => true
  const templates = { 'late.env': { content: 'A=${hushfs:late}' } }
  const config = configured({ main: { address: own.address } }, { late: 'main secret/late' }, { templates })
  const server = await mounted(t, config)
  await isInTrouble(server, 'late', /^failing/)
  await isInTrouble(server, 'late.env', /^failing: .*late/)
  own.holds = () => false
  await becomes(server, 'late', 'one')
  await becomes(server, 'late.env', 'A=one')
})

t.test('templates follow', async (t) => {
  await put('a', 'one')
  await put('b', 'x')
  const secrets = { a: 'main secret/a', b: 'main secret/b' }
  const templates = { both: { content: '${hushfs:a}-${hushfs:b}-${hushfs:beside}' } }
  const server = await mounted(t, configured({ main: direct }, secrets, { templates }))
  await becomes(server, 'both', 'one-x-beside')
  await Promise.all([put('a', 'two'), put('b', 'y')])
  await becomes(server, 'both', 'two-y-beside')
  await bao.must('DELETE', 'secret/data/b')
  await isInTrouble(server, 'both', /^failing: .*secret\/b/)
  t.equal(await read(server, 'both'), 'EIO')
  await put('b', 'z')
  await becomes(server, 'both', 'two-z-beside')
})

t.test('a reload asks again, and keeps what a vault that is away has given', async (t) => {
  await put('r', 'one')
  const own = await Proxy.start(bao.address)
  t.teardown(() => own.stop())
  const vaults = { main: { address: own.address }, other: direct }
  const templates = { t: { content: '<${hushfs:r}>' } }
  const server = await mounted(t, configured(vaults, { r: 'main secret/r' }, { templates }))
  await put('r', 'two')
  await server.reloaded()
  t.equal(await read(server, 'r'), 'two', 'no wait for its turn')
  t.equal(await read(server, 't'), '<two>')
  own.holds = () => true
  const more = { r: 'main secret/r', more: 'other secret/r', waits: 'main secret/a' }
  await server.reloaded(configured(vaults, more, { templates: { t: { content: '[${hushfs:r}]' } } }))
  t.equal(await read(server, 'r'), 'two')
  t.equal(await read(server, 't'), '[two]', 'made anew of the value that is kept')
  t.equal(await read(server, 'more'), 'two')
  await isInTrouble(server, 'r', /^stale/)
  own.holds = () => false
  await becomes(server, 'waits', 'two')
  await isInTrouble(server, 'r', /^ok$/)
  await server.reloaded(configured(vaults, { r: 'other secret/a' }))
  t.equal(await read(server, 'r'), 'two', 'of another path')
  const { pid } = await server.status()
  await until('one fetch child is left', () => descendants(pid).length === 1)
  await server.reloaded(configured({}, {}))
  await until('it is gone', () => descendants(pid).length === 0)
})

t.test(
  'no plaintext in the server, no descriptor of it in the fetch child, and its end is no end',
  async (t) => {
    const sentinel = `hushfs-${'sentinel-5d2c9a'.repeat(40)}`
    await put('sentinel', sentinel)
    const templates = { t: { content: '<${hushfs:sentinel}>' } }
    const server = await mounted(
      t,
      configured({ main: direct }, { sentinel: 'main secret/sentinel' }, { templates }),
    )
    await becomes(server, 't', `<${sentinel}>`)
    t.equal(await read(server, 'sentinel'), sentinel)
    const piece = sentinel.slice(100, 140)
    const needles = [Buffer.from(piece), Buffer.from(piece, 'utf16le')]
    t.strictSame(copiesInMemory(server.pid, needles), [0, 0])
    t.ok(
      (copiesInMemory(server.pid, [Buffer.from(server.configFile)])[0] ?? 0) > 0,
      'the scan sees something',
    )

    const [child = 0] = descendants(server.pid)
    const open = readdirSync(`/proc/${child}/fd`).map((fd) => readlinkSync(`/proc/${child}/fd/${fd}`))
    t.strictSame(
      open.filter((target) => /^\/(?!dev\/null)|memfd|eventfd.*hushfs/.test(target)),
      [],
    )
    process.kill(child, 'SIGKILL')
    await isInTrouble(server, 'sentinel', /^stale: the fetch child ended: SIGKILL/)
    t.equal(await read(server, 'sentinel'), sentinel)
    await isInTrouble(server, 'sentinel', /^ok$/)
  },
)
