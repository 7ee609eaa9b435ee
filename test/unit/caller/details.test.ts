import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { DetailsReader } from '../../../src/caller/details.ts'

t.test('process, name and program of a thread', (t) => {
  const status = 'Name:\tTgid:\t9\nUmask:\t0022\nTgid:\t40\nNgid:\t0\nPid:\t41\n'
  const exe = t.fixture('symlink', '/usr/bin/x')
  const procRoot = t.testdir({ 41: { status, comm: 'a\n b\n', exe } })
  const of = new DetailsReader(procRoot)
  t.strictSame(of.read(41), { pid: 40, comm: 'a\n b', exe: '/usr/bin/x' })
  t.end()
})

t.test('what is not there or not readable is undefined', (t) => {
  const procRoot = t.testdir({ 1: { status: 'Name:\tx\n' }, 2: { exe: t.fixture('symlink', '/y') }, 3: {} })
  const of = new DetailsReader(procRoot)
  t.strictSame(of.read(1), { pid: undefined, comm: undefined, exe: undefined })
  t.strictSame(of.read(2), { pid: undefined, comm: undefined, exe: '/y' })
  t.strictSame(of.read(3), { pid: undefined, comm: undefined, exe: undefined })
  t.strictSame(of.read(4), { pid: undefined, comm: undefined, exe: undefined })
  t.end()
})

t.test('another process of this machine, and when it is gone', async (t) => {
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] })
  const { pid = 0 } = child
  const ours = new DetailsReader()
  child.stdin.write('x')
  await once(child.stdout, 'data')
  t.match(ours.read(pid), { pid, comm: 'cat', exe: /\/cat$|busybox|coreutils/ })
  child.stdin.end()
  await once(child, 'exit')
  t.strictSame(ours.read(pid), { pid: undefined, comm: undefined, exe: undefined })
})
