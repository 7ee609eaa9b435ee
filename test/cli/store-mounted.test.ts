import { join } from 'node:path'
import t from 'tap'
import { mounted, workFolder } from '../support/mount.ts'
import { tryOut } from '../support/try-out.ts'

t.setTimeout(60_000)

t.test('what is set, edited and removed under a mount is served after a reload, and said', async (t) => {
  const on = await tryOut(workFolder(t))
  const place = join(on.folder, 'mnt')
  const config = { mountPoint: place, identities: ['identity'], store: 'store', secrets: {} }
  const server = await mounted(t, config, { folder: on.folder, place })
  const hint = `${place} still has the state before this: run \`hushfs reload --config ${on.config}\``
  const changes: [string[], string, string][] = [
    [['set', 'db/password'], 'one', 'one'],
    [['edit', 'db/password'], '', 'one\ntwo\n'],
  ]
  for (const [words, input, value] of changes) {
    const done = await on.run(words, { input, env: { VISUAL: `sh -c 'printf "\\ntwo\\n" >> "$0"'` } })
    t.match(done, { status: 0, stderr: hint }, words.join(' '))
    t.equal((await on.run(['reload'])).status, 0)
    t.equal((await server.cat('db/password')).toString(), value)
  }
  t.match(await on.run(['rekey']), { status: 0, stderr: hint })
  t.match(await on.run(['rm', 'db/password', '--yes']), { status: 0, stderr: hint })
  const { stderr } = await on.run(['reload'])
  t.match(stderr, '0 secrets (0 failing)')
})

t.test('without a mount nothing is said of one', async (t) => {
  const on = await tryOut(workFolder(t))
  const { stderr } = await on.run(['set', 'a'], { input: 'v' })
  t.notMatch(stderr, 'reload')
})
