import { chownSync, lstatSync, mkdirSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Hierarchy } from '../../../src/caller/hierarchy.ts'
import { readInvocation, readInvocationId } from '../../../src/caller/invocation.ts'
import { setxattr } from '../../support/syscalls.ts'

const first = '0123456789abcdef0123456789abcdef'
const second = 'ffffffffffffffffffffffffffffffff'
const placement = {
  unit: 'a@b.service',
  unitPath: '/s.slice/a@b.service',
  slice: 's.slice',
  userUid: undefined,
  userUnit: undefined,
  userUnitPath: undefined,
}

/** Folders as those of systemd: the cgroup of the unit, and its notes. */
function world(t: Test) {
  const folder = t.testdir({ cgroup: { root: { 's.slice': { 'a@b.service': {} } } }, units: {} })
  const cgroup = join(folder, 'cgroup/root', placement.unitPath)
  const hierarchy: Hierarchy = { layout: 'unified', mountPoint: join(folder, 'cgroup'), root: '/root' }
  const link = join(folder, 'units/invocation:a@b.service')
  return {
    cgroup,
    /** The attribute of the cgroup, which systemd sets when it makes it. */
    mark: (id: string) => setxattr(cgroup, 'user.invocation_id', id),
    /** The symlink, which systemd replaces at each start; returns its time. */
    note: (id: string) => {
      rmSync(link, { force: true })
      symlinkSync(id, link)
      return Math.floor(lstatSync(link).ctimeMs)
    },
    inode: () => lstatSync(cgroup).ino,
    read: () => {
      const world = [placement, hierarchy, join(folder, 'units')] as const
      const id = readInvocationId(...world)
      const start = readInvocation(...world)
      return start && { id, ...start }
    },
  }
}

const asRoot = () => ({ skip: process.getuid?.() !== 0 && 'needs folders that belong to root' })

t.test('a cgroup of root: the id on it, and the time of the note', asRoot(), (t) => {
  const { mark, note, read } = world(t)
  mark(first)
  const startedAt = note(first)
  t.strictSame(read(), { key: first, id: first, startedAt })
  t.end()
})

t.test('RestartMode=direct leaves the old note: the id and the time on the cgroup count', asRoot(), (t) => {
  const { cgroup, mark, note, read } = world(t)
  const later = Math.ceil(note(first) / 1000) + 5
  mark(second)
  utimesSync(cgroup, later, 2000)
  t.strictSame(read(), { key: second, id: second, startedAt: later * 1000 })
  t.end()
})

t.test('KillMode=process keeps the cgroup and the id on it: the newer note counts', asRoot(), (t) => {
  const { cgroup, mark, note, read } = world(t)
  mark(first)
  note(first)
  t.match(read(), { key: first, id: first })
  utimesSync(cgroup, 1000.5, 2000)
  const startedAt = note(second)
  t.strictSame(read(), { key: second, id: second, startedAt })
  mark(second)
  t.strictSame(read(), { key: second, id: second, startedAt }, 'as after a reload of systemd')
  t.end()
})

t.test('ExecReload= of an empty unit makes the cgroup anew: the key stays', asRoot(), (t) => {
  const { cgroup, mark, note, read } = world(t)
  mark(first)
  note(first)
  const before = read()
  rmSync(cgroup, { recursive: true })
  mkdirSync(cgroup)
  mark(first)
  t.ok(before)
  t.strictSame(read(), before)
  t.end()
})

t.test('what is left of a stopped unit keeps its key', asRoot(), (t) => {
  const { mark, read } = world(t)
  mark(first)
  t.match(read(), { key: first, id: first })
  t.end()
})

t.test('a delegated cgroup: what the service wrote there does not count', asRoot(), (t) => {
  for (const delegate of [
    (cgroup: string) => chownSync(cgroup, 65534, 65534),
    (cgroup: string) => setxattr(cgroup, 'user.delegate', '1'),
  ]) {
    const { cgroup, mark, note, inode, read } = world(t)
    const startedAt = note(first)
    mark(second)
    delegate(cgroup)
    t.strictSame(read(), { key: `${first}:${inode()}`, id: first, startedAt })
  }
  t.end()
})

t.test('a cgroup without attributes: note and inode', (t) => {
  const { note, inode, read } = world(t)
  const startedAt = note(first)
  const before = read()
  t.strictSame(before, { key: `${first}:${inode()}`, id: first, startedAt })
  note(second)
  t.match(read(), { key: `${second}:${inode()}`, id: second })
  t.end()
})

t.test('undefined where nothing is noted, or nothing that is an id', (t) => {
  const { cgroup, note, read } = world(t)
  t.equal(read(), undefined)
  for (const id of ['x', first.toUpperCase(), `${first}0`, `${first}\n`, `/${first}`]) {
    note(id)
    t.equal(read(), undefined, id)
  }
  note(first)
  t.ok(read())
  rmSync(cgroup, { recursive: true })
  t.equal(read(), undefined, 'without the cgroup')
  t.end()
})
