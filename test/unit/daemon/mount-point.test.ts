import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { canonical, freeMountPoint } from '../../../src/daemon/mount-point.ts'
import { mountAt } from '../../../src/sys/mountinfo.ts'

function folder(t: Test): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'hushfs-place-')))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

t.test('a folder, however its path is written', async (t) => {
  const dir = folder(t)
  t.equal(await freeMountPoint(dir), dir)
  t.equal(await freeMountPoint(`${dir}/x/..//`), dir)
})

t.test('symbolic links are followed to what mountinfo will show', async (t) => {
  const dir = folder(t)
  mkdirSync(join(dir, 'real', 'place'), { recursive: true })
  symlinkSync('real', join(dir, 'link'))
  symlinkSync('real/place', join(dir, 'last'))
  t.equal(await freeMountPoint(join(dir, 'link/place')), join(dir, 'real/place'))
  t.equal(await freeMountPoint(join(dir, 'last')), join(dir, 'real/place'))
})

t.test('what is missing or a file is said, with the command that helps', async (t) => {
  const dir = folder(t)
  const missing = join(dir, 'deep/missing')
  await t.rejects(freeMountPoint(missing), {
    code: 'ERR_MOUNT',
    message: `${missing}: there is no such folder`,
    hint: `mkdir -p ${missing}`,
  })
  const file = join(dir, 'file')
  writeFileSync(file, '')
  await t.rejects(freeMountPoint(file), { message: `${file}: is a file, not a folder`, hint: /^rm / })
  await t.rejects(freeMountPoint(join(file, 'below')), { message: /there is no such folder/ })
})

t.test('what another filesystem is mounted on is busy', async (t) => {
  await t.rejects(freeMountPoint('/proc'), {
    code: 'ERR_MOUNT',
    message: /^\/proc: is busy: proc \(\S+\) is mounted there$/,
    hint: 'umount /proc',
  })
})

t.test(
  'a mount in the way is named, and gone when it is',
  { skip: process.getuid?.() !== 0 && 'needs root' },
  async (t) => {
    const dir = folder(t)
    const place = join(dir, 'a b')
    mkdirSync(place)
    execFileSync('mount', ['-t', 'tmpfs', 'the-source', place])
    t.teardown(() => {
      if (mountAt(place)) execFileSync('umount', ['--lazy', place])
    })
    await t.rejects(freeMountPoint(place), {
      message: `${place}: is busy: tmpfs (the-source) is mounted there`,
    })
    execFileSync('umount', [place])
    t.equal(await freeMountPoint(place), place)
  },
)

t.test('a path that does not exist is still absolute', (t) => {
  t.equal(canonical('/nonexistent/a/../b'), '/nonexistent/b')
  t.end()
})
