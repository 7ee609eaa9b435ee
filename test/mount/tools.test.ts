/** The programs that people point at a folder work as on any other. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { mounted, workFolder, type Mounted } from '../support/mount.ts'
import { output } from '../support/process.ts'
import { plainSecrets, seededBytes } from '../support/values.ts'

const values = new Map(
  ['one', 'two', 'db/password', 'db/replica/password', 'tls/key.pem'].map(
    (name, index) => [name, seededBytes(name, [0, 1, 100, 16_385, 100_000][index] ?? 0)] as const,
  ),
)

let server: Mounted
t.before(async () => {
  const folder = workFolder(t)
  const secrets = plainSecrets(join(folder, 'plain'), values, { owner: 1, group: 2, mode: '0440' })
  server = await mounted(t, { secrets, directoryMode: '0750' }, { folder })
})

/** Every path below a folder with what a copy keeps; times and sizes of folders are the copying filesystem's own. */
async function inventory(folder: string): Promise<string[]> {
  const files = await output('find', ['.', '-type', 'f', '-printf', '%P %m %U:%G %s %T@\n'], { cwd: folder })
  const folders = await output('find', ['.', '-type', 'd', '-printf', '%P %m %U:%G\n'], { cwd: folder })
  return `${files.toString()}${folders.toString()}`.split('\n').sort()
}

/** A copy has the same bytes, modes, owners and times. */
async function sameCopy(t: Test, copy: string): Promise<void> {
  t.strictSame(await inventory(copy), await inventory(server.place))
  t.equal((await output('diff', ['--recursive', copy, server.place])).toString(), '')
}

t.test('find -ls, ls -laR, stat, du, wc, grep -r, diff -r', async (t) => {
  const found = (await output('find', [server.place, '-ls'])).toString().trim().split('\n')
  t.equal(found.length, 1 + 3 + 5, 'the root, three folders, five secrets')
  const files = (await output('find', [server.place, '-type', 'f'])).toString().trim().split('\n')
  t.strictSame(files.sort(), [...values.keys()].map((name) => server.path(name)).sort())

  t.match(
    (await output('ls', ['-laR', server.place])).toString(),
    /-r--r----- 1 daemon bin +16385 .* password/,
  )
  t.match((await output('stat', [server.path('db/replica/password')])).toString(), 'Size: 16385')
  t.match(
    (await output('du', ['--apparent-size', '--bytes', '--summarize', server.place])).toString(),
    /^116486\t/,
  )
  t.match((await output('wc', ['-c', server.path('tls/key.pem')])).toString(), /^100000 /)
  t.match((await output('grep', ['-rc', '', server.path('tls')])).toString(), /key\.pem:\d+/)
  await sameCopy(t, server.place)
})

t.test('cp -a', async (t) => {
  const copy = join(workFolder(t), 'copy')
  await output('cp', ['-a', server.place, copy])
  await sameCopy(t, copy)
})

t.test('tar', async (t) => {
  const copy = workFolder(t)
  const archive = await output('tar', ['-C', server.place, '-c', '.'])
  mkdirSync(join(copy, 'tar'))
  await output('tar', ['-C', join(copy, 'tar'), '-xp', '--same-owner'], { input: archive })
  await sameCopy(t, join(copy, 'tar'))
})

t.test('rsync -a, and again: nothing to send', async (t) => {
  const copy = join(workFolder(t), 'copy')
  await output('rsync', ['-a', `${server.place}/`, copy])
  await sameCopy(t, copy)
  t.equal((await output('rsync', ['-a', '--itemize-changes', `${server.place}/`, copy])).toString(), '')
})

t.test('df and findmnt do not stumble', async (t) => {
  t.match((await output('df', ['--output=fstype,source', server.place])).toString(), /fuse\.hushfs +hushfs/)
  t.match((await output('findmnt', ['-n', '-o', 'FSTYPE', server.place])).toString(), 'fuse.hushfs')
})
