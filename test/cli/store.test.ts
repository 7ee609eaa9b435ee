import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { runHushfs } from '../support/run-hushfs.ts'
import { contents, tryOut, type TryOut } from '../support/try-out.ts'

t.setTimeout(120_000)

const sentinel = 'sentinel-9d41c7'

async function get(on: TryOut, name: string): Promise<Buffer> {
  const { status, stdout, stderr } = await on.run(['get', name, '--json'])
  if (status !== 0) throw new Error(stderr)
  const { value } = JSON.parse(stdout) as { value: string }
  return Buffer.from(value, 'base64')
}

const secretIn = (on: TryOut, name: string) =>
  loadConfig(on.config).secrets.find((secret) => secret.name === name)

t.test('values come back byte for byte', async (t) => {
  const on = await tryOut(t.testdir({}))
  const values = [
    Buffer.alloc(0),
    Buffer.from('\n'),
    Buffer.from('a\0b\r\n\xff', 'latin1'),
    randomBytes(1 << 20),
  ]
  for (const [index, value] of values.entries()) {
    const file = join(on.folder, 'value')
    writeFileSync(file, value)
    const bySource: [string, string[], Buffer?][] = [
      [`piped/${index}`, [], value],
      [`dash/${index}`, ['--from', '-'], value],
      [`file/${index}`, ['--from', file]],
    ]
    for (const [name, words, input] of bySource) {
      const done = await on.run(['set', name, ...words], input === undefined ? {} : { input })
      t.equal(done.status, 0, done.stderr)
      t.equal(done.stdout, '')
      t.ok(value.equals(await get(on, name)), name)
    }
  }
  const plain = await on.run(['get', 'piped/1'])
  t.equal(plain.stdout, '\n', 'without --json the bytes and nothing else')
})

t.test('a new secret is sealed in the store and declared', async (t) => {
  const on = await tryOut(t.testdir({}))
  const words = [
    '--owner',
    'nobody',
    '--group',
    '65534',
    '--mode',
    '0440',
    '--unit',
    'a.service',
    '--unit',
    'b@*.service',
  ]
  const done = await on.run(['set', 'db/password', ...words, '--json'], { input: sentinel })
  const file = join(on.store, 'db/password.sealed')
  t.same(JSON.parse(done.stdout), { name: 'db/password', file, recipients: 1, declared: true })
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.match(
    readFileSync(on.config, 'utf8'),
    'source: {sealed: store/db/password.sealed}',
    'relative, inside the folder',
  )
  t.match(secretIn(on, 'db/password'), {
    source: { kind: 'sealed', file },
    terms: { owner: 'nobody', mode: 0o440, units: ['a.service', 'b@*.service'] },
  })
  await on.run(['set', 'db/password', '--mode', '0400'], { input: 'other' })
  t.match(
    secretIn(on, 'db/password')?.terms,
    { owner: 'nobody', mode: 0o400 },
    'options change their own fields only',
  )
  t.equal((await get(on, 'db/password')).toString(), 'other')
  t.equal((await on.run(['check'])).status, 0, 'check agrees')
})

t.test('the file that the configuration declares is the one that is written', async (t) => {
  const on = await tryOut(t.testdir({}))
  writeFileSync(
    on.config,
    'identities: [identity]\nstore: store\nsecrets:\n  a: {source: {sealed: my-a.sealed}} # mine\n',
  )
  t.equal((await on.run(['set', 'a'], { input: 'v' })).status, 0)
  t.ok(existsSync(join(on.folder, 'my-a.sealed')))
  t.notOk(existsSync(join(on.store, 'a.sealed')))
  t.match(readFileSync(on.config, 'utf8'), '  a: {source: {sealed: my-a.sealed}} # mine\n')
  t.equal((await get(on, 'a')).toString(), 'v')
})

t.test('a JSON configuration stays JSON', async (t) => {
  const on = await tryOut(t.testdir({}))
  writeFileSync(on.config, '{"identities": ["identity"], "store": "store", "secrets": {}}\n')
  t.equal((await on.run(['set', 'a'], { input: 'v' })).status, 0)
  const parsed = JSON.parse(readFileSync(on.config, 'utf8')) as { secrets: unknown }
  t.same(parsed.secrets, { a: { source: { sealed: 'store/a.sealed' } } })
  t.equal((await on.run(['rm', 'a', '--yes'])).status, 0)
  t.same((JSON.parse(readFileSync(on.config, 'utf8')) as { secrets: unknown }).secrets, {})
})

t.test('rm takes the file and the declaration, or the declaration alone', async (t) => {
  const on = await tryOut(t.testdir({}))
  const before = contents(on.folder)
  await on.run(['set', 'a/b'], { input: 'v' })
  const done = await on.run(['rm', 'a/b', '--yes', '--json'])
  t.same(JSON.parse(done.stdout), { name: 'a/b', file: join(on.store, 'a/b.sealed'), declared: true })
  t.same(contents(on.folder), before)
  t.notOk(existsSync(join(on.store, 'a')))
  const age = join(on.folder, 'x.age')
  writeFileSync(age, 'encrypted')
  writeFileSync(on.config, 'secrets:\n  x: {source: {age: x.age}}\n  gone: {source: {sealed: gone.sealed}}\n')
  t.match(await on.run(['rm', 'x', '-y']), { status: 0, stderr: /x: removed the declaration\n/ })
  t.ok(existsSync(age))
  t.match(await on.run(['rm', 'gone', '-y']), { status: 0, stderr: /gone: removed the declaration\n/ })
  t.same(loadConfig(on.config).secrets, [])
})

t.test('list shows what is declared and what is stored', async (t) => {
  const on = await tryOut(t.testdir({}))
  t.match(await on.run(['list']), { status: 0, stdout: '', stderr: /there is no secret yet/ })
  await on.run(['set', 'b'], { input: 'v' })
  await on.run(['set', 'a'], { input: 'v' })
  const text =
    'identities: [identity]\nstore: store\nsecrets:\n  t: {source: {text: x}}\n  b: {source: {sealed: store/b.sealed}}\n'
  writeFileSync(on.config, text)
  const file = (name: string) => join(on.store, `${name}.sealed`)
  const { stdout } = await on.run(['list', '--json'])
  t.same(JSON.parse(stdout), [
    { name: 'a', source: 'sealed', declared: false, file: file('a') },
    { name: 'b', source: 'sealed', declared: true, file: file('b') },
    { name: 't', source: 'text', declared: true, file: null },
  ])
  t.equal(
    (await on.run(['list'])).stdout,
    `a  sealed  ${file('a')}  (not declared)\nb  sealed  ${file('b')}\nt  text    -\n`,
  )
  t.equal((await on.run(['get', 't'])).stdout, 'x', 'get opens every kind of source')
})

t.test('rekey changes who can open', async (t) => {
  const on = await tryOut(t.testdir({ other: {} }))
  const other = join(on.folder, 'other', 'identity')
  const recipient = (await runHushfs(['keygen', '-o', other])).stdout.trim()
  const own = /hushfs1\w+/.exec(readFileSync(join(on.folder, 'identity'), 'utf8'))?.[0] ?? ''
  await on.run(['set', 'a'], { input: 'va' })
  await on.run(['set', 'b/c'], { input: 'vb' })
  writeFileSync(join(on.folder, 'theirs.yaml'), 'identities: [other/identity]\nstore: store\n')
  const theirs = (...words: string[]) => runHushfs([...words, '--config', join(on.folder, 'theirs.yaml')])
  t.match(await theirs('get', 'a'), {
    status: 1,
    stderr: /no configured identity opens it; its recipients are hushfs1/,
  })
  const done = await on.run(['rekey', '--add', recipient, '--json'])
  t.same(JSON.parse(done.stdout), { files: 2, recipients: [own, recipient] })
  t.equal((await theirs('get', 'b/c')).stdout, 'vb')
  await on.run(['set', 'new'], { input: 'vn' })
  t.equal((await theirs('get', 'new')).stdout, 'vn', 'what is set later is for both')
  const locking = await on.run(['rekey', '--remove', own])
  t.match(locking, { status: 1, stderr: /none of the configured identities could open/ })
  const removed = await theirs('rekey', '--remove', own)
  t.match(removed, {
    status: 0,
    stdout: `${recipient}\n`,
    stderr: /sealed 3 files for 1 recipient\n.*set new values/,
  })
  t.match(await on.run(['get', 'a']), { status: 1, stdout: '' })
  t.equal((await theirs('get', 'a')).stdout, 'va')
  const before = contents(on.folder)
  t.match(await on.run(['rekey']), {
    status: 1,
    stderr: /a\.sealed: no configured identity opens it|none of the configured/,
  })
  t.same(contents(on.folder), before)
})

t.test('writers at the same time lose nothing', async (t) => {
  const on = await tryOut(t.testdir({}))
  const names = Array.from({ length: 8 }, (_, index) => `parallel/${index}`)
  const done = await Promise.all(names.map((name) => on.run(['set', name], { input: `value of ${name}` })))
  for (const { status, stderr } of done) t.equal(status, 0, stderr)
  t.same(
    loadConfig(on.config)
      .secrets.map(({ name }) => name)
      .sort(),
    names,
  )
  for (const name of names) t.equal((await get(on, name)).toString(), `value of ${name}`)
  const same = await Promise.all(names.map((name) => on.run(['set', 'one'], { input: name })))
  t.ok(same.every(({ status }) => status === 0))
  t.ok(names.includes((await get(on, 'one')).toString()))
})

t.test('each command explains itself with an example', async (t) => {
  for (const name of ['set', 'edit', 'get', 'rm', 'list', 'rekey']) {
    const { status, stdout } = await runHushfs([name, '--help'])
    t.equal(status, 0)
    t.match(stdout, new RegExp(`Examples:\n  .*hushfs ${name}`), name)
  }
})
