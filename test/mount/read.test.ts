/**
 * The simplest use, on the real kernel: mount a configuration, read secrets as files, unmount. The server is the built program in a process of its own
 * (test/support/mount.ts); whatever touches the mount is another process too, so that nothing can hang the test.
 */
import { readdirSync } from 'node:fs'
import t from 'tap'
import { mounted } from '../support/mount.ts'
import { output, run } from '../support/process.ts'

t.test('a secret is a file', async (t) => {
  const server = await mounted(t, {
    secrets: {
      greeting: { source: { text: 'hello, world\n' } },
      'db/password': { source: { text: 'correct horse' }, mode: '0440' },
    },
  })

  t.match(server.log, `ready: 2 secrets (0 failing) at ${server.place}\n`)
  t.equal((await server.cat('greeting')).toString(), 'hello, world\n')
  t.equal((await server.cat('db/password')).toString(), 'correct horse')

  const format = '%F %a %U:%G %s'
  t.equal(
    (await output('stat', ['--format', format, server.path('db/password')])).toString(),
    'regular file 440 root:root 13\n',
  )
  t.equal(
    (await output('stat', ['--format', '%F %a %U:%G', server.path('db')])).toString(),
    'directory 711 root:root\n',
  )
  t.equal((await output('ls', [server.place])).toString(), 'db\ngreeting\n')
})

t.test('a name that is not configured does not exist', async (t) => {
  const server = await mounted(t, { secrets: { 'db/password': { source: { text: 'correct horse' } } } })
  for (const name of ['absent', 'db/absent', 'absent/password', '.env']) {
    const { status, stderr } = await run('cat', [server.path(name)])
    t.equal(status, 1)
    t.match(stderr, 'No such file or directory')
  }
  t.match((await run('cat', [server.path('db/password/deeper')])).stderr, 'Not a directory')
  t.match((await run('cat', [server.path('db')])).stderr, 'Is a directory')
})

t.test('SIGTERM unmounts, and nothing is left', async (t) => {
  const server = await mounted(t, { secrets: { greeting: { source: { text: 'hello' } } } })
  t.ok(server.isMounted)

  server.signal('SIGTERM')

  t.equal(await server.ended, 0)
  t.notOk(server.isMounted)
  t.strictSame(readdirSync(server.place), [])
})
