/** A mount point that can't be used: exit 1, what is in the way, and the command that clears it, which does. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { abortConnection } from '../support/connection.ts'
import { mounted, mountsBelow, workFolder, writeConfig } from '../support/mount.ts'
import { dist, hushfs, output, run } from '../support/process.ts'

const config = { secrets: { token: { source: { text: 'value' } } } }

/** A folder with a configuration, and what `hushfs mount` says about a place in it. */
function refusals(t: Test) {
  const folder = workFolder(t)
  const file = join(folder, 'hushfs.yaml')
  writeConfig(file, config)
  return { folder, refuse: (place: string) => hushfs(['mount', '--config', file, place]) }
}

/** Run the command of a hint, with the program that is tested for `hushfs`. */
async function follow(stderr: string): Promise<void> {
  const hint = /hint: (.*?)(, or .*)?$/m.exec(stderr)?.[1] ?? 'false'
  const command = hint.replace(/^hushfs /, `'${process.execPath}' '${join(dist, 'hushfs.js')}' `)
  const { status, stderr: said } = await run('sh', ['-c', command])
  if (status !== 0) throw new Error(`${hint}: ${said}`)
}

t.test('a missing folder', async (t) => {
  const { folder, refuse } = refusals(t)
  const place = join(folder, 'not/there')
  const before = mountsBelow(folder)
  const { status, stderr } = await refuse(place)
  t.equal(status, 1)
  t.equal(stderr, `hushfs: error: ${place}: there is no such folder\nhushfs: hint: mkdir -p ${place}\n`)
  t.equal(mountsBelow(folder), before)
  await follow(stderr)
  t.equal((await (await mounted(t, config, { folder, place })).cat('token')).toString(), 'value')
})

t.test('a file', async (t) => {
  const { folder, refuse } = refusals(t)
  const place = join(folder, 'file')
  writeFileSync(place, 'kept')
  const { status, stderr } = await refuse(place)
  t.equal(status, 1)
  t.match(stderr, `${place}: is a file, not a folder`)
  t.equal(readFileSync(place, 'utf8'), 'kept')
  await follow(stderr)
  t.equal((await (await mounted(t, config, { folder, place })).cat('token')).toString(), 'value')
})

t.test('another hushfs', async (t) => {
  const server = await mounted(t, config)
  const { status, stderr } = await refusals(t).refuse(server.place)
  t.equal(status, 1)
  t.match(stderr, `${server.place}: is busy: another hushfs serves it`)
  t.equal((await server.cat('token')).toString(), 'value', 'which goes on')
  await follow(stderr)
  t.equal(await server.ended, 0)
  const { folder, place } = server
  t.equal((await (await mounted(t, config, { folder, place })).cat('token')).toString(), 'value')
})

t.test('another filesystem', async (t) => {
  const { folder, refuse } = refusals(t)
  const place = join(folder, 'tmpfs')
  mkdirSync(place)
  await output('mount', ['-t', 'tmpfs', 'some-tmpfs', place])
  const { status, stderr } = await refuse(place)
  t.equal(status, 1)
  t.match(stderr, `${place}: is busy: tmpfs (some-tmpfs) is mounted there`)
  await follow(stderr)
  t.equal((await (await mounted(t, config, { folder, place })).cat('token')).toString(), 'value')
})

t.test('the stale mount of a server that was killed', async (t) => {
  const server = await mounted(t, config)
  server.signal('SIGKILL')
  await server.ended
  t.ok(server.isMounted)
  const { status, stderr } = await refusals(t).refuse(server.place)
  t.equal(status, 1)
  t.match(stderr, `${server.place}: is stale`)
  await follow(stderr)
  const { folder, place } = server
  t.equal((await (await mounted(t, config, { folder, place })).cat('token')).toString(), 'value')
})

t.test('the mount of a server that does not answer', async (t) => {
  const server = await mounted(t, config)
  await server.freeze()
  const { status, stderr } = await refusals(t).refuse(server.place)
  t.equal(status, 1)
  t.match(stderr, `${server.place}: is stale`)
  await abortConnection(server.place)
  await follow(stderr)
  t.notOk(server.isMounted)
})

t.test('without the right to mount', async (t) => {
  const { folder } = refusals(t)
  const place = join(folder, 'mnt')
  mkdirSync(place)
  const program = [
    process.execPath,
    join(dist, 'hushfs.js'),
    'mount',
    '--config',
    join(folder, 'hushfs.yaml'),
  ]
  const asRoot = ['--bounding-set=-sys_admin', '--inh-caps=-sys_admin']
  // The program may lie where only root can search.
  const search = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search']
  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', ...search]
  for (const rights of [asRoot, asNobody]) {
    const { status, stderr } = await run('setpriv', [...rights, ...program, place])
    t.equal(status, 1)
    t.match(stderr, 'hint: mounting needs root')
    t.equal(stderr.match(/dev\/fuse/g)?.length ?? 0, rights === asRoot ? 0 : 1)
    t.notMatch(stderr, / at .*\.js:\d/)
  }
})

t.test('two mounts at once, one of the same configuration', async (t) => {
  const first = await mounted(t, config)
  const second = await mounted(t, { secrets: { token: { source: { text: 'other' } } } })
  const third = await mounted(t, config, { folder: first.folder, place: join(first.folder, 'third') })
  t.equal((await first.cat('token')).toString(), 'value')
  t.equal((await second.cat('token')).toString(), 'other')
  t.equal((await third.cat('token')).toString(), 'value')
  await first.end()
  t.equal((await second.cat('token')).toString(), 'other')
  t.equal((await third.cat('token')).toString(), 'value')
})

t.test('a place with a space, and one behind a symbolic link', async (t) => {
  const folder = workFolder(t)
  const place = join(folder, 'my "secrets" \\ ü')
  const server = await mounted(t, config, { folder, place })
  t.equal((await server.cat('token')).toString(), 'value')
  symlinkSync(place, join(folder, 'link'))
  const busy = await hushfs(['mount', '--config', server.configFile, join(folder, 'link')])
  t.equal(busy.status, 1)
  t.match(busy.stderr, 'another hushfs serves it')
  t.equal((await hushfs(['unmount', join(folder, 'link')])).status, 0)
  t.equal(await server.ended, 0)
})
