/** Sources of each kind: one that is away is named with its reason and since when, tried again by itself, and nobody else's trouble; no value stays in the server. */
import { randomBytes } from 'node:crypto'
import { renameSync } from 'node:fs'
import t from 'tap'
import { everySource } from '../support/every-source.ts'
import { copiesInMemory } from '../support/memory.ts'
import { mounted, workFolder } from '../support/mount.ts'
import { run } from '../support/process.ts'
import { until } from '../support/until.ts'

t.setTimeout(120_000)

t.test('all are away, then one is back, then all', async (t) => {
  const folder = workFolder(t)
  const { values, files, config } = await everySource(t, folder, () => randomBytes(16).toString('hex'))
  const kinds = [...values.keys()]
  const away = (file: string) => `${file}.away`
  for (const file of files.values()) renameSync(file, away(file))
  const secrets = { ...config.secrets, beside: { source: { text: 'beside' } } }
  const content = `\${hushfs:beside} ${kinds.map((kind) => `\${hushfs:${kind}}`).join(' ')}`
  const server = await mounted(t, { ...config, secrets, templates: { all: { content } } }, { folder })
  const read = async (name: string) => {
    const { status, stdout, stderr } = await run('cat', [server.path(name)])
    return status === 0 ? stdout.toString() : stderr.includes('Input/output error') ? 'EIO' : stderr
  }
  const failing = async () => (await server.status()).failing
  const names = async () => (await failing()).map(({ name }) => name).sort()

  await until('each has failed', async () => (await names()).length === kinds.length + 1)
  t.strictSame(await names(), [...kinds, 'all'].sort())
  for (const kind of kinds) {
    const { reason, since } = (await failing()).find(({ name }) => name === kind) ?? {}
    t.match(reason, kind === 'exec' ? /^age: it exited with status 1/ : /no such file/, kind)
    t.match(since, /^\d{4}-\d\d-\d\dT/)
    t.equal(await read(kind), 'EIO')
  }
  t.equal(await read('beside'), 'beside')
  t.equal(await read('all'), 'EIO')

  const [first = '', ...others] = kinds
  const back = (kind: string) => {
    const file = files.get(kind) ?? ''
    renameSync(away(file), file)
  }
  back(first)
  await until(`${first} is back`, async () => (await read(first)) === values.get(first))
  t.strictSame(await names(), [...others, 'all'].sort())
  others.forEach(back)
  const all = ['beside', ...values.values()].join(' ')
  await until('all are back', async () => (await read('all')) === all, 60_000)
  for (const kind of kinds) t.equal(await read(kind), values.get(kind), kind)
  t.strictSame(await names(), [])
})

t.test('no value of any kind is in the memory of the server', async (t) => {
  const folder = workFolder(t)
  const { values, config } = await everySource(t, folder, () => randomBytes(32).toString('hex'))
  const content = `<${[...values.keys()].map((kind) => `\${hushfs:${kind}}`).join('|')}>`
  const server = await mounted(t, { ...config, templates: { all: { content } } }, { folder })
  const needles = [...values.values()].flatMap((value) => [Buffer.from(value), Buffer.from(value, 'utf16le')])
  const nothing = needles.map(() => 0)
  for (let round = 0; round < 2; round++) {
    for (const [kind, value] of values) t.equal((await server.cat(kind)).toString(), value)
    t.equal((await server.cat('all')).toString(), `<${[...values.values()].join('|')}>`)
    t.strictSame(copiesInMemory(server.pid, needles), nothing)
    await server.reloaded()
  }
  t.ok((copiesInMemory(server.pid, [Buffer.from(server.configFile)])[0] ?? 0) > 0, 'the scan sees something')
})
