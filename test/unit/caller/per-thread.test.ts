import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { errno } from '../../../src/base/errno.ts'
import { threadFile, type PerThread } from '../../../src/caller/per-thread.ts'

const buffer = Buffer.alloc(4096)
const textOf = (file: PerThread, tid: number) => {
  const length = file.ask(tid, buffer)
  return length < 0 ? length : buffer.toString('latin1', 0, length)
}

/** A process that ends when its standard input does. */
async function sleeper(t: Test, program = 'cat'): Promise<{ pid: number; end: () => Promise<void> }> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'ignore'] })
  t.teardown(() => child.kill('SIGKILL'))
  child.stdin.write('x')
  await once(child.stdout, 'data')
  return { pid: child.pid ?? 0, end: () => ended(child) }
}

async function ended(child: ChildProcess): Promise<void> {
  child.stdin?.end()
  await once(child, 'close')
}

t.test('a file is read anew each time', async (t) => {
  const file = threadFile('/proc', 'comm')
  const child = spawn('sh', ['-c', 'echo; read line; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] })
  t.teardown(() => child.kill('SIGKILL'))
  const { pid = 0 } = child
  await once(child.stdout, 'data')
  t.equal(textOf(file, pid), 'sh\n')
  t.equal(file.noteOf(pid), undefined)
  file.note(pid, 7)
  child.stdin.write('line\nfor cat')
  await once(child.stdout, 'data')
  t.equal(textOf(file, pid), 'cat\n')
  t.equal(file.noteOf(pid), 7)
  await ended(child)
  t.equal(textOf(file, pid), -errno.ENOENT)
  t.equal(file.noteOf(pid), undefined)
})

t.test('the thread that has a number now is asked, not the one that had it before', async (t) => {
  const last = '/proc/sys/kernel/ns_last_pid'
  if (!existsSync(last)) {
    t.comment('the kernel lets nobody choose a process id')
    return
  }
  const file = threadFile('/proc', 'comm')
  // Other processes of the machine may be given the number in between, and keep it.
  for (let tries = 0; tries < 100; tries++) {
    const first = await sleeper(t)
    t.equal(textOf(file, first.pid), 'cat\n')
    file.note(first.pid, 7)
    await first.end()
    writeFileSync(last, String(first.pid - 1))
    const second = await sleeper(t, 'tee')
    const isSame = second.pid === first.pid
    if (isSame) {
      t.equal(textOf(file, second.pid), 'tee\n')
      t.equal(file.noteOf(second.pid), undefined)
    }
    await second.end()
    if (isSame) return
  }
  t.fail('no process was given the number of another one')
})

t.test('more threads than stay open', async (t) => {
  const open = () => readdirSync('/proc/self/fd').length
  const file = threadFile('/proc', 'stat')
  const before = open()
  const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))
  const { pid } = await sleeper(t)
  // Its number, and one that shares its place.
  for (let round = 0; round < 3; round++) {
    for (const other of pids) file.ask(Number(other), buffer)
    t.equal(String(textOf(file, pid)).split(' ')[0], String(pid))
    file.ask(pid + 128, buffer)
    file.ask(pid + 256, buffer)
  }
  t.ok(open() - before <= 128 + 4, 'at most one for each place')
  t.match(readFileSync('/proc/self/stat', 'latin1'), textOf(file, process.pid).toString().slice(0, 20))
})

t.test("a folder that is not the kernel's is opened each time", (t) => {
  const root = t.testdir({ 7: { cgroup: 'a' } })
  const file = threadFile(root, 'cgroup')
  const open = () => readdirSync('/proc/self/fd').length
  const before = open()
  t.equal(textOf(file, 7), 'a')
  t.equal(textOf(file, 8), -errno.ENOENT)
  t.equal(open(), before)
  t.end()
})
