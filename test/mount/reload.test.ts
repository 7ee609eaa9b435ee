/** A reload that can't be done changes nothing. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { mounted, workFolder } from '../support/mount.ts'
import { hushfs } from '../support/process.ts'

const good = { secrets: { token: { source: { text: 'first' } } } }

t.test('a bad configuration: exit 2, file and line in the message, the old table goes on', async (t) => {
  const server = await mounted(t, good)
  const before = await server.status()

  const done = await server.reload('secrets:\n  token:\n    source: {text: second}\n    colour: red\n')

  t.equal(done.status, 2)
  t.match(done.stderr, `${server.configFile}:4`)
  t.match(done.stderr, 'colour')
  t.match(server.log, `${server.configFile}:4`)
  t.equal((await server.cat('token')).toString(), 'first')
  const after = await server.status()
  t.equal(after.generation, before.generation)
  t.match(after.reloads, { count: 1, last: { exitStatus: 2 } })

  await server.reloaded({ secrets: { token: { source: { text: 'second' } } } })
  t.equal((await server.cat('token')).toString(), 'second')
})

t.test('text that is no YAML, and a configuration that is gone', async (t) => {
  const server = await mounted(t, good)
  t.equal((await server.reload('secrets: [')).status, 2)
  rmSync(server.configFile)
  const done = await hushfs(['reload', '--config', server.configFile, server.place])
  t.equal(done.status, 2)
  t.match(done.stderr, `${server.configFile}: no such file`)
  t.equal((await server.cat('token')).toString(), 'first')
})

t.test('SIGHUP reloads as well', async (t) => {
  const folder = workFolder(t)
  const file = join(folder, 'value')
  writeFileSync(file, 'first')
  const server = await mounted(t, { secrets: { token: { source: { file } } } }, { folder })
  writeFileSync(file, 'second')
  server.signal('SIGHUP')
  await server.heard(/reloaded: 1 secrets \(0 failing\)/)
  t.equal((await server.cat('token')).toString(), 'second')
})

t.test('reload of a place where no hushfs is', async (t) => {
  const folder = workFolder(t)
  const { status, stderr } = await hushfs(['reload', folder])
  t.equal(status, 1)
  t.match(stderr, `${folder}: no hushfs is mounted there`)
})
