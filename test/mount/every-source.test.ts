/** A source of each kind that is away: named with its reason and since when, tried again by itself, and nobody else's trouble. */
import { randomBytes } from 'node:crypto'
import { renameSync } from 'node:fs'
import t from 'tap'
import { everySource } from '../support/every-source.ts'
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
