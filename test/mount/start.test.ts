/** What decides before anything is mounted. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { mounted, mountsBelow, workFolder, writeConfig } from '../support/mount.ts'
import { hushfs } from '../support/process.ts'

t.test(
  'a bad configuration: exit 2 with file, line, key and what was expected; nothing is mounted',
  async (t) => {
    const folder = workFolder(t)
    const [file, place] = [join(folder, 'hushfs.yaml'), join(folder, 'mnt')]
    mkdirSync(place)
    const bad: Record<string, [text: string, expected: string | RegExp]> = {
      'an unknown key': ['secrets:\n  a: {source: {text: x}}\ncolour: red\n', /hushfs\.yaml:3.*colour/],
      'a mode that is none': [
        'secrets:\n  a:\n    source: {text: x}\n    mode: "999"\n',
        /hushfs\.yaml:4.*mode/,
      ],
      'two sources': ['secrets:\n  a: {source: {text: x, file: y}}\n', /hushfs\.yaml:2.*exactly one/],
      'a name that may not be': ['secrets:\n  ../a: {source: {text: x}}\n', /hushfs\.yaml:2/],
      'a name that is a folder too': [
        'secrets:\n  a: {source: {text: x}}\n  a/b: {source: {text: x}}\n',
        'a/b',
      ],
      'no YAML': ['secrets: [', 'hushfs.yaml'],
      'an empty file': ['', 'hushfs.yaml'],
    }
    const before = mountsBelow(folder)
    for (const [what, [text, expected]] of Object.entries(bad)) {
      writeConfig(file, text)
      const { status, stderr } = await hushfs(['mount', '--config', file, place])
      t.equal(status, 2, what)
      t.match(stderr, expected, what)
      t.notMatch(stderr, / at .*\.js:\d/, 'no stack trace')
    }
    const { status, stderr } = await hushfs(['mount', '--config', join(folder, 'absent.yaml'), place])
    t.equal(status, 2)
    t.match(stderr, `${folder}/absent.yaml: no such file`)
    t.equal(mountsBelow(folder), before)
  },
)

t.test('the text of a bad configuration is not in the message', async (t) => {
  const folder = workFolder(t)
  const file = join(folder, 'hushfs.yaml')
  for (const text of [
    'secrets:\n  a: {source: {text: hunter2}, mode: hunter2}\n',
    'secrets:\n  a: {source: {text: [hunter2]}}\n',
    'secrets:\n  a: {source: {text: "hunter2}}\n',
  ]) {
    writeConfig(file, text)
    const { status, stderr } = await hushfs(['mount', '--config', file, folder])
    t.equal(status, 2)
    t.notMatch(stderr, 'hunter2')
  }
})

t.test('a configuration without secrets is served, and can get some', async (t) => {
  for (const none of ['secrets:\n', 'secrets: {}\n', '{"secrets": {}}']) {
    const server = await mounted(t, none)
    t.match(server.log, 'ready: 0 secrets (0 failing)')
    await server.reloaded({ secrets: { token: { source: { text: 'value' } } } })
    t.equal((await server.cat('token')).toString(), 'value')
  }
})

t.test('the mount point of the configuration, relative sources, JSON', async (t) => {
  const folder = workFolder(t)
  const place = join(folder, 'configured')
  const config = { mountPoint: place, secrets: { token: { source: { file: 'hushfs.yaml' } } } }
  const server = await mounted(t, config, { folder, place, named: false })
  t.equal((await server.cat('token')).toString(), readFileSync(server.configFile, 'utf8'))
})
