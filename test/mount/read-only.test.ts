/** Every way to change something is EROFS, for root and for the owner. */
import t from 'tap'
import { Client } from '../support/client.ts'
import { mounted } from '../support/mount.ts'

const OWNER = 1
const names = { token: 'token', folder: 'db', inner: 'db/password' }
const UTIME = 1_000_000_000

async function outcomes(client: Client, path: (name: string) => string) {
  const [file, folder, fresh] = [path(names.token), path(names.folder), path('new')]
  const fs = (name: string, ...args: unknown[]) => client.outcome('fs', name, ...args)
  const pairs: [string, Promise<string>][] = [
    ['open for writing', client.outcome('open', file, 'r+')],
    ['open with O_TRUNC and O_CREAT', client.outcome('open', file, 'w')],
    ['open with O_APPEND', client.outcome('open', file, 'a')],
    ['create', client.outcome('open', fresh, 'w')],
    ['create in a folder', client.outcome('open', path('db/new'), 'wx')],
    ['mkdir', fs('mkdirSync', fresh)],
    ['rmdir', fs('rmdirSync', folder)],
    ['unlink', fs('unlinkSync', file)],
    ['unlink in a folder', fs('unlinkSync', path(names.inner))],
    ['rename', fs('renameSync', file, fresh)],
    ['rename over another', fs('renameSync', file, path(names.inner))],
    ['link', fs('linkSync', file, fresh)],
    ['symlink', fs('symlinkSync', 'token', fresh)],
    ['mknod', client.outcome('mknod', fresh)],
    ['chmod', fs('chmodSync', file, 0o777)],
    ['chmod of a folder', fs('chmodSync', folder, 0o777)],
    ['chown', fs('chownSync', file, OWNER, OWNER)],
    ['truncate', fs('truncateSync', file, 0)],
    ['utimes', fs('utimesSync', file, UTIME, UTIME)],
    ['setxattr', client.outcome('setxattr', file)],
  ]
  return Object.fromEntries(
    await Promise.all(pairs.map(async ([what, errno]) => [what, await errno] as const)),
  )
}

const secrets = (owner: number) => ({
  [names.token]: { source: { text: 'value' }, owner, mode: '0600' },
  [names.inner]: { source: { text: 'value' }, owner, mode: '0600' },
})

const everyone = Object.entries({ root: 0, 'the owner': OWNER })
for (const [who, uid] of everyone) {
  t.test(`as ${who}`, async (t) => {
    const server = await mounted(t, { secrets: secrets(uid), directoryMode: '0777' })
    const client = new Client(t)
    await client.call('become', uid, uid, [])
    const listed = await client.call('list', server.place)

    for (const [what, errno] of Object.entries(await outcomes(client, (name) => server.path(name)))) {
      t.equal(errno, 'EROFS', what)
    }

    t.strictSame(await client.call('list', server.place), listed)
    t.equal((await client.read(server.path(names.token))).toString(), 'value')
  })
}

t.test('a descriptor that was opened for reading changes nothing', async (t) => {
  const server = await mounted(t, { secrets: secrets(0) })
  const client = new Client(t)
  const fd = await client.call('open', server.path(names.token))
  t.equal(await client.outcome('fallocate', fd), 'EBADF')
  t.equal(await client.outcome('fs', 'ftruncateSync', fd, 0), 'EINVAL')
  t.equal(await client.outcome('fs', 'writeSync', fd, 'x'), 'EBADF')
  t.equal(await client.outcome('fs', 'fchmodSync', fd, 0o777), 'EROFS')
  t.equal(await client.outcome('fs', 'fchownSync', fd, 1, 1), 'EROFS')
  t.equal(await client.outcome('fs', 'futimesSync', fd, UTIME, UTIME), 'EROFS')
})
