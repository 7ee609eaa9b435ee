import t, { type Test } from 'tap'
import {
  findHierarchy,
  folderOf,
  pathBelowRoot,
  pathInHierarchy,
  type Hierarchy,
} from '../../../src/caller/hierarchy.ts'

/** A /proc with these mounts, as `TYPE PLACE`, and this text as the cgroups of PID 1. */
function find(t: Test, mounts: string[], cgroup: string) {
  const lines = mounts.map((mount, index) => {
    const [type, place] = mount.split(' ')
    return `${index + 30} 23 0:${index + 30} / ${place} rw,relatime - ${type} ${type} rw\n`
  })
  const procRoot = t.testdir({ self: { mountinfo: lines.join('') }, 1: { cgroup } })
  return findHierarchy({ procRoot })
}

const base = '/sys/fs/cgroup'
const v1 = '2:cpu,cpuacct:/init.scope\n1:name=systemd:/legacy/init.scope\n'

t.test('unified: cgroup2 at /sys/fs/cgroup', (t) => {
  const mounts = [`cgroup2 ${base}`, `cgroup2 ${base}/unified`]
  t.strictSame(find(t, mounts, '0::/init.scope\n'), { layout: 'unified', mountPoint: base, root: '' })
  t.end()
})

t.test('hybrid: cgroup2 at unified, or at systemd', (t) => {
  for (const folder of ['unified', 'systemd']) {
    const mounts = [`tmpfs ${base}`, `cgroup ${base}/cpu`, `cgroup2 ${base}/${folder}`]
    const expected = { layout: 'hybrid', mountPoint: `${base}/${folder}`, root: '/x.scope' }
    t.strictSame(find(t, mounts, `${v1}0::/x.scope/init.scope\n`), expected)
  }
  t.end()
})

t.test('hybrid with the version 1 hierarchy of systemd beside: cgroup2 counts', (t) => {
  const mounts = [`tmpfs ${base}`, `cgroup ${base}/systemd`, `cgroup2 ${base}/unified`]
  t.match(find(t, mounts, `${v1}0::/init.scope\n`), { layout: 'hybrid', root: '' })
  t.end()
})

t.test('legacy: version 1 alone', (t) => {
  const found = find(t, [`tmpfs ${base}`, `cgroup ${base}/cpu`, `cgroup ${base}/systemd`], v1)
  t.strictSame(found, { layout: 'legacy', mountPoint: `${base}/systemd`, root: '/legacy' })
  t.end()
})

t.test('what is mounted over another counts', (t) => {
  const mounts = [`cgroup2 ${base}`, `tmpfs ${base}`, `cgroup2 ${base}/unified`]
  t.match(find(t, mounts, '0::/init.scope\n'), { layout: 'hybrid' })
  t.end()
})

t.test('the root is where PID 1 is, without init.scope', (t) => {
  const roots: [path: string, root: string][] = [
    ['/init.scope', ''],
    ['/', ''],
    ['/docker/0123', '/docker/0123'],
    ['/machine.slice/m.scope/init.scope', '/machine.slice/m.scope'],
    ['/xinit.scope', '/xinit.scope'],
  ]
  for (const [path, root] of roots) t.match(find(t, [`cgroup2 ${base}`], `0::${path}\n`), { root }, path)
  t.end()
})

t.test('none, with the reason', (t) => {
  const cgroup2 = [`cgroup2 ${base}`]
  const absent = { unknown: 'no cgroup hierarchy of systemd is mounted at /sys/fs/cgroup' }
  t.strictSame(find(t, [], '0::/init.scope\n'), absent)
  t.strictSame(find(t, ['cgroup2 /elsewhere', `tmpfs ${base}`], '0::/init.scope\n'), absent)
  t.strictSame(find(t, [`tmpfs ${base}`, `cgroup ${base}/cpu`], v1), absent)
  t.strictSame(find(t, cgroup2, v1), { unknown: 'the cgroup of PID 1 is not in the hierarchy of systemd' })
  const namespace = { unknown: 'the server runs in another cgroup namespace than PID 1' }
  t.strictSame(find(t, cgroup2, '0::/../../init.scope\n'), namespace)
  t.strictSame(find(t, cgroup2, '0::/..\n'), namespace)
  const unreadable = findHierarchy({ procRoot: t.testdir() })
  t.match(unreadable, { unknown: /^the cgroup hierarchy can't be found: .*mountinfo: no such file$/ })
  t.end()
})

t.test('the real one', (t) => {
  t.match(findHierarchy(), { layout: /^(unified|hybrid|legacy)$/, mountPoint: /^\/sys\/fs\/cgroup/ })
  t.end()
})

t.test('the line that counts', (t) => {
  const text = '9:name=systemd:/legacy\n3:cpu,name=systemd,x:/joined\n0::/a:b/c::d\n'
  t.equal(pathInHierarchy(text, 'unified'), '/a:b/c::d')
  t.equal(pathInHierarchy(text, 'hybrid'), '/a:b/c::d')
  t.equal(pathInHierarchy(text, 'legacy'), '/legacy')
  t.equal(pathInHierarchy('3:cpu,name=systemd,x:/joined\n', 'legacy'), '/joined')
  t.equal(pathInHierarchy('0::/first\n0::/second\n', 'unified'), '/first')
  t.end()
})

t.test('no line that counts', (t) => {
  const texts = [
    '',
    '\n',
    '0::/a',
    '10::/a\n',
    '0:x:/a\n',
    '00::/a\n',
    ' 0::/a\n',
    '0:/a\n',
    '0\n::/a\n',
    '0:\n:/a\n',
    'x\n0::/a\n',
  ]
  for (const text of texts) t.equal(pathInHierarchy(text, 'unified'), undefined, JSON.stringify(text))
  for (const text of ['0::/a\n', '1:name=systemdx:/a\n', '1:xname=systemd:/a\n', '1:/name=systemd:\n'])
    t.equal(pathInHierarchy(text, 'legacy'), undefined, JSON.stringify(text))
  t.end()
})

t.test('paths and folders, relative to the cgroup of systemd', (t) => {
  const host: Hierarchy = { layout: 'unified', mountPoint: base, root: '' }
  const container: Hierarchy = { ...host, root: '/m.scope' }
  t.equal(pathBelowRoot(host, '/a.service'), '/a.service')
  t.equal(pathBelowRoot(host, '/'), '/')
  t.equal(pathBelowRoot(host, 'a.service'), undefined)
  t.equal(pathBelowRoot(container, '/m.scope/a.service'), '/a.service')
  t.equal(pathBelowRoot(container, '/m.scope'), '/')
  t.equal(pathBelowRoot(container, '/m.scope2/a.service'), undefined)
  t.equal(pathBelowRoot(container, '/a.service'), undefined)
  t.equal(pathBelowRoot(container, '/'), undefined)
  t.equal(folderOf(host, '/a.service'), `${base}/a.service`)
  t.equal(folderOf(container, '/a.service'), `${base}/m.scope/a.service`)
  t.end()
})
