import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Hierarchy } from '../../../src/caller/hierarchy.ts'
import { appendAllowance, loadAllowances, usedAllowances } from '../../../src/daemon/allowance-file.ts'

const PLACE = '/run/hushfs'
const OLD = 'a'.repeat(32)
const NEW = 'b'.repeat(32)

/** A cgroup hierarchy and systemd's notes, in folders. */
function world(t: Test, folder?: string) {
  const root = t.testdir({ cgroup: {}, units: {} })
  const [cgroup, units, state] = [join(root, 'cgroup'), join(root, 'units'), folder ?? join(root, 'state')]
  const hierarchy: Hierarchy = { layout: 'unified', mountPoint: cgroup, root: '' }
  const start = (unit: string, id: string) => {
    const folder = join(cgroup, 'system.slice', unit)
    mkdirSync(folder, { recursive: true })
    rmSync(join(units, `invocation:${unit}`), { force: true })
    symlinkSync(id, join(units, `invocation:${unit}`))
    return `${id}:${statSync(folder, { bigint: true }).ino}`
  }
  return {
    state,
    start,
    stop: (unit: string) => {
      rmdirSync(join(cgroup, 'system.slice', unit))
    },
    forget: (unit: string) => {
      rmSync(join(units, `invocation:${unit}`))
    },
    open: (known = true) => loadAllowances(PLACE, known ? hierarchy : undefined, state, units),
    /** One server that writes these lines and ends. */
    use(...lines: string[]) {
      const file = this.open()
      for (const line of lines) appendAllowance(file, line)
    },
    /** What the next server starts with. */
    next(known = true) {
      return this.open(known).used
    },
  }
}

const lineOf = (key: string, unit: string, secret = 'db/password') =>
  `${key}\t/system.slice/${unit}\t${secret}`

t.test('a first server has nothing; the next one has what was written', (t) => {
  const host = world(t)
  const line = lineOf(host.start('foo.service', OLD), 'foo.service')
  t.strictSame(host.next(), [])
  host.use(line)
  t.strictSame(host.next(), [line])
  t.strictSame(host.next(), [line], 'and the one after it')
  t.strictSame(usedAllowances(PLACE, host.state), [line])
  t.end()
})

t.test('what belongs to a start that is over goes', (t) => {
  const host = world(t)
  const stopped = lineOf(host.start('stopped.service', OLD), 'stopped.service')
  const again = lineOf(host.start('again.service', OLD), 'again.service')
  const running = lineOf(host.start('running.service', OLD), 'running.service')
  host.use(stopped, again, running)
  host.stop('stopped.service')
  host.start('again.service', NEW)
  t.strictSame(host.next(), [running])
  t.strictSame(usedAllowances(PLACE, host.state), [running], 'from the file too')
  t.end()
})

t.test('what cannot be told is kept: a dropped line would be a second allowance', (t) => {
  const host = world(t)
  const line = lineOf(host.start('foo.service', OLD), 'foo.service')
  host.use(line, 'gibberish', `${OLD}\t/\tx`)
  host.forget('foo.service')
  t.strictSame(host.next(), [line, 'gibberish', `${OLD}\t/\tx`])
  t.strictSame(host.next(false), [line, 'gibberish', `${OLD}\t/\tx`], 'nor without a hierarchy')
  t.end()
})

t.test('lines of this server are in the file at once', (t) => {
  const host = world(t)
  const line = lineOf(host.start('foo.service', OLD), 'foo.service')
  const file = host.open()
  appendAllowance(file, line)
  t.strictSame(usedAllowances(PLACE, host.state), [line])
  t.strictSame(file.used, [])
  t.end()
})

t.test('a server that grants nothing leaves no file, and takes an outlived one away', (t) => {
  const host = world(t)
  host.open()
  t.notOk(existsSync(host.state))
  host.use(lineOf(host.start('foo.service', OLD), 'foo.service'))
  t.equal(readdirSync(host.state).length, 1)
  host.stop('foo.service')
  host.open()
  t.strictSame(readdirSync(host.state), [])
  t.end()
})

t.test('only its owner sees it, and each mount point has its own', (t) => {
  const host = world(t)
  host.use(lineOf(host.start('foo.service', OLD), 'foo.service'))
  t.equal(statSync(host.state).mode & 0o777, 0o700)
  const files = readdirSync(host.state)
  t.match(files, [/^[0-9a-f]{16}\.once$/])
  t.equal(files.length, 1, 'nothing is left of the rewriting')
  t.equal(statSync(join(host.state, files[0] ?? '')).mode & 0o777, 0o600)
  t.strictSame(usedAllowances('/run/other', host.state), [])
  t.end()
})

t.test('a file that cannot be read or written is an error, never an empty one', (t) => {
  const host = world(t)
  host.use('x')
  const [name = ''] = readdirSync(host.state)
  rmSync(join(host.state, name))
  mkdirSync(join(host.state, name))
  t.throws(() => host.open(), { code: 'EISDIR' })
  t.throws(() => usedAllowances(PLACE, host.state), { code: 'EISDIR' })
  const file = join(t.testdir({ file: '' }), 'file')
  writeFileSync(file, '')
  t.throws(() => loadAllowances(PLACE, undefined, join(file, 'state')), { code: 'ENOTDIR' })
  t.end()
})

t.test('without room a line is written whole or not at all, and lines that are over stay', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hushfs-test-full-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4096', 'tmpfs', folder])
  t.teardown(() => {
    execFileSync('umount', [folder])
    rmdirSync(folder)
  })
  const host = world(t, folder)
  const filler = lineOf(host.start('over.service', OLD), 'over.service', 'x'.repeat(4000))
  host.use(filler)
  const line = lineOf(host.start('foo.service', OLD), 'foo.service')
  t.throws(
    () => {
      host.use(line)
    },
    { code: 'ENOSPC' },
  )
  t.strictSame(usedAllowances(PLACE, host.state), [filler])
  host.use('short')
  host.stop('over.service')
  t.strictSame(host.next(), ['short'], 'it is over')
  t.strictSame(usedAllowances(PLACE, host.state), [filler, 'short'], 'and stays in the file')
  t.end()
})
