import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { mountAt, readMounts } from '../../../src/sys/mountinfo.ts'

function parse(t: Test, lines: string[]) {
  const file = join(t.testdir(), 'mountinfo')
  writeFileSync(file, `${lines.join('\n')}\n`)
  return readMounts(file)
}

t.test('a line, with and without optional fields', (t) => {
  const expected = {
    id: 36,
    device: '0:51',
    mountPoint: '/run/hushfs',
    options: 'ro,nosuid',
    type: 'fuse.hushfs',
    source: 'hushfs',
  }
  const start = '36 35 0:51 / /run/hushfs ro,nosuid'
  const end = '- fuse.hushfs hushfs ro,user_id=0,group_id=0'
  for (const optional of ['', 'shared:1 ', 'shared:1 master:2 ', 'master:2 propagate_from:3 unbindable ']) {
    t.same(parse(t, [`${start} ${optional}${end}`]), [expected])
  }
  t.end()
})

t.test('escapes: space, tab, newline, backslash, and UTF-8', (t) => {
  const [entry] = parse(t, [
    String.raw`36 35 0:51 / /a\040b\011c\012d\134040\303\244ö rw - fuse.sshfs me@host:/x\040y rw`,
  ])
  t.equal(entry?.mountPoint, '/a b\tc\nd\\040äö')
  t.equal(entry?.source, 'me@host:/x y')
  t.end()
})

t.test('the last mount of a place is the one that shows', (t) => {
  const mounts = parse(t, [
    '1 0 8:1 / / rw - ext4 /dev/sda1 rw',
    '2 1 0:50 / /mnt rw - tmpfs first rw',
    '3 2 0:51 / /mnt rw - fuse.hushfs second rw',
    '4 1 0:52 / /mnt/deeper rw - tmpfs third rw',
  ])
  t.match(mountAt('/mnt', mounts), { id: 3, source: 'second' })
  t.equal(mountAt('/mn', mounts), undefined)
  t.equal(mountAt('/mnt/', mounts), undefined)
  t.end()
})

t.test('lines that are none are skipped', (t) => {
  t.same(
    parse(t, ['', '36 35', '36 35 0:51 / /x rw', '36 35 0:51 / /x rw - ', '36 35 0:51 / /x rw - tmpfs']),
    [],
  )
  t.end()
})

t.test('the real one has the root and /proc', (t) => {
  t.match(mountAt('/proc'), { type: 'proc' })
  t.ok(mountAt('/'))
  t.end()
})
