/** Templates as they are served: the values of secrets in a text, made anew when one of them changes. */
import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../support/client.ts'
import { copiesInMemory, descendants } from '../support/memory.ts'
import { mounted, workFolder, writeConfig } from '../support/mount.ts'
import { hushfs, output, run } from '../support/process.ts'
import { sealedSecrets, writeIdentity } from '../support/sealed.ts'
import { until } from '../support/until.ts'

const PASSWORD = `p@ss "w'o\\rd" $1`

t.test('secrets of several sources in one file, each by its filter', async (t) => {
  const folder = workFolder(t)
  const recipient = writeIdentity(join(folder, 'identity'))
  const sealed = await sealedSecrets(folder, recipient, new Map([['db/password', Buffer.from(PASSWORD)]]))
  writeFileSync(
    join(folder, 'app.json'),
    '{"password": ${hushfs:db/password|json}, "token": "${hushfs:token}"}\n',
  )
  const config = {
    identities: [join(folder, 'identity')],
    secrets: { ...sealed, token: { source: { exec: { command: ['printf', 'from a command'] } } } },
    templates: {
      'app.json': { file: 'app.json', owner: 'nobody', mode: '0440' },
      'app/url': { content: 'postgres://app:${hushfs:db/password|urlencode}@db/app\n' },
      'app.sh': { content: 'PASSWORD=${hushfs:db/password|shell}\n', mode: '0444' },
      'app.b64': { content: '${hushfs:db/password|base64}' },
    },
  }
  const server = await mounted(t, config, { folder })
  t.match(server.log, 'ready: 6 secrets (0 failing)')
  const json = (await server.cat('app.json')).toString()
  t.strictSame(JSON.parse(json), { password: PASSWORD, token: 'from a command' })
  t.equal(
    (await server.cat('app/url')).toString(),
    `postgres://app:${encodeURIComponent(PASSWORD).replace("'", '%27')}@db/app\n`,
  )
  t.equal((await server.cat('app.b64')).toString(), Buffer.from(PASSWORD).toString('base64'))
  t.equal(
    (await output('sh', ['-c', '. "$0"; printf %s "$PASSWORD"', server.path('app.sh')])).toString(),
    PASSWORD,
  )
  t.equal(
    (await output('stat', ['--format=%U %a %s', server.path('app.json')])).toString(),
    `nobody 440 ${json.length}\n`,
  )
  const got = await hushfs(['get', 'app.json', '--config', server.configFile])
  t.equal(got.stdout.toString(), json, '`get` makes it too')
  const check = await hushfs(['check', '--config', server.configFile])
  t.match(check.stdout.toString(), /^ok +app\.json +template +nobody:root 0440 +\d+ bytes$/m)
})

t.test('a reload: a changed input is a changed template, and an unchanged one keeps its time', async (t) => {
  const folder = workFolder(t)
  const file = join(folder, 'value')
  writeFileSync(file, 'one')
  const config = {
    secrets: { a: { source: { file } }, b: { source: { text: 'b' } } },
    templates: { 'of/a': { content: '<${hushfs:a}>' }, 'of/b': { content: '<${hushfs:b}>' } },
  }
  const server = await mounted(t, config, { folder })
  const client = new Client(t)
  const changed = async (name: string) =>
    (await output('stat', ['--format=%Y', server.path(name)])).toString()
  const before = await changed('of/b')
  const open = await client.call('open', server.path('of/a'))
  writeFileSync(file, 'two')
  await server.reloaded()
  t.equal((await server.cat('of/a')).toString(), '<two>')
  t.equal((await client.call('content', open)).toString(), '<one>', 'a descriptor keeps what it has')
  t.equal(await changed('of/b'), before)
  await client.call('close', open)
})

t.test(
  'an input that fails, and one that a filter cannot carry, are EIO for the template alone',
  async (t) => {
    const server = await mounted(t, {
      secrets: {
        absent: { source: { file: '/nonexistent' } },
        binary: { source: { exec: { command: ['printf', 'a\\0b'] } } },
        good: { source: { text: 'value' } },
      },
      templates: {
        'of/absent': { content: '${hushfs:absent}' },
        'of/binary': { content: '${hushfs:binary|shell}' },
        'of/good': { content: '${hushfs:good|shell}' },
      },
    })
    for (const name of ['of/absent', 'of/binary'])
      t.match((await run('cat', [server.path(name)])).stderr, 'Input/output error', name)
    t.equal((await server.cat('of/good')).toString(), "'value'")
    const { failing } = await server.status()
    const reason = (name: string) => failing.find((one) => one.name === name)?.reason
    t.equal(reason('of/absent'), "its input absent can't be opened: /nonexistent: no such file")
    t.equal(
      reason('of/binary'),
      "the secret binary has a NUL byte, which the filter shell of the template of/binary can't carry",
    )
  },
)

t.test('a template that is wider than a secret in it is no configuration', async (t) => {
  const secrets = { a: { source: { text: 'value' }, units: ['app.service'] } }
  const wide = { secrets, templates: { t: { content: '${hushfs:a}', units: ['*.service'] } } }
  const folder = workFolder(t)
  const file = join(folder, 'hushfs.yaml')
  writeConfig(file, wide)
  for (const command of ['check', 'mount']) {
    const done = await hushfs([command, '--config', file])
    t.equal(done.status, 2, command)
    t.match(
      done.stderr,
      /hushfs\.yaml:\d+:\d+: templates\.t\.units: its unit rule is wider than that of the secret `a` in it/,
    )
  }
  const server = await mounted(
    t,
    { secrets, templates: { t: { content: '${hushfs:a}', units: ['app.service'] } } },
    { folder },
  )
  t.match((await run('cat', [server.path('t')])).stderr, 'Permission denied', 'its own rule holds')
  const reload = await server.reload(wide)
  t.equal(reload.status, 2)
})

t.test(
  'an input that is opened again: the template follows, and is kept as long as its inputs',
  async (t) => {
    const folder = workFolder(t)
    const [input, gate] = [join(folder, 'input'), join(folder, 'gate')]
    writeFileSync(input, 'one')
    writeFileSync(gate, '')
    const again = (rest: object) => ({
      source: { exec: { command: ['/bin/sh', '-c', `cat ${gate} && cat ${input}`], refresh: '1s', ...rest } },
    })
    const config = {
      secrets: { kept: again({ stale: true }), dropped: again({}), other: { source: { text: 'other' } } },
      templates: {
        'of/kept': { content: '${hushfs:kept}-${hushfs:other}' },
        'of/dropped': { content: '${hushfs:dropped}-${hushfs:other}' },
      },
    }
    const server = await mounted(t, config, { folder })
    const content = async (name: string) => (await run('cat', [server.path(name)])).stdout.toString()
    t.equal(await content('of/kept'), 'one-other')
    writeFileSync(input, 'two')
    for (const name of ['of/kept', 'of/dropped'])
      await until(`${name} follows`, async () => (await content(name)) === 'two-other')
    rmSync(gate)
    await until('the other is an error', async () => (await content('of/dropped')) === '')
    t.equal(await content('dropped'), '')
    t.equal(await content('of/kept'), 'two-other')
    t.equal(await content('kept'), 'two')
    writeFileSync(input, 'three')
    writeFileSync(gate, '')
    for (const name of ['of/kept', 'of/dropped'])
      await until(`${name} is back`, async () => (await content(name)) === 'three-other')
  },
)

t.test('the server has no plaintext of a template or of what a command wrote', async (t) => {
  const sentinel = randomBytes(600).toString('base64')
  const folder = workFolder(t)
  writeFileSync(join(folder, 'value'), sentinel)
  const server = await mounted(
    t,
    {
      secrets: { value: { source: { exec: { command: ['cat', join(folder, 'value')] } } } },
      templates: { t: { content: 'V=${hushfs:value|shell}\n' } },
    },
    { folder },
  )
  t.equal((await server.cat('t')).toString(), `V='${sentinel}'\n`)
  const needles = [0, 300, 576].map((at) => Buffer.from(sentinel.slice(at, at + 24)))
  for (const pid of [server.pid, ...descendants(server.pid)])
    t.strictSame(copiesInMemory(pid, needles), [0, 0, 0], 'in memory')
})
