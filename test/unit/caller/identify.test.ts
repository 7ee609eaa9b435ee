import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { findHierarchy, type Hierarchy } from '../../../src/caller/hierarchy.ts'
import { CallerIdentifier } from '../../../src/caller/identify.ts'

const unified: Hierarchy = { layout: 'unified', mountPoint: '/sys/fs/cgroup', root: '' }

/** An identifier on a /proc of our own, and a way to say what is in there. */
function world(t: Test, hierarchy = unified, procRoot = t.testdir()) {
  const identifier = new CallerIdentifier({ procRoot, hierarchy })
  const put = (tid: number, text: string | Uint8Array) => {
    mkdirSync(join(procRoot, String(tid)), { recursive: true })
    writeFileSync(join(procRoot, String(tid), 'cgroup'), text)
  }
  return { procRoot, identifier, put, ask: (tid: number) => identifier.identify(tid, 1000, 100) }
}

t.test('a caller: ids as given, cgroup, placement', (t) => {
  const { put, ask } = world(t)
  put(7, '1:cpu:/\n0::/system.slice/a.service/x\n')
  t.match(ask(7), {
    tid: 7,
    uid: 1000,
    gid: 100,
    cgroup: '/system.slice/a.service/x',
    placement: { unit: 'a.service', unitPath: '/system.slice/a.service', slice: 'system.slice' },
  })
  t.end()
})

t.test('nothing is remembered of a thread, neither its cgroup nor that there is none', (t) => {
  const { procRoot, put, ask } = world(t)
  put(7, '0::/a.service\n')
  t.match(ask(7), { placement: { unit: 'a.service' } })
  put(7, '0::/b.service\n')
  t.match(ask(7), { placement: { unit: 'b.service' } })
  rmSync(join(procRoot, '7'), { recursive: true })
  t.strictSame(ask(7), { unknown: 'there is no thread 7' })
  put(7, '0::/a.service\n')
  t.match(ask(7), { placement: { unit: 'a.service' } })
  t.end()
})

t.test('a shorter file than the one before shows nothing of it', (t) => {
  const { put, ask } = world(t)
  put(1, '1:cpu:/\n0::/long.service\n')
  t.match(ask(1), { placement: { unit: 'long.service' } })
  put(2, '1:cpu:/\n')
  t.strictSame(ask(2), { unknown: "/proc/2/cgroup has no line of systemd's hierarchy" })
  put(3, '')
  t.strictSame(ask(3), { unknown: "/proc/3/cgroup has no line of systemd's hierarchy" })
  t.end()
})

t.test('the legacy hierarchy', (t) => {
  const { put, ask } = world(t, { ...unified, layout: 'legacy' })
  put(7, '2:cpu:/x\n1:name=systemd:/a.service\n0::/b.service\n')
  t.match(ask(7), { placement: { unit: 'a.service' } })
  t.end()
})

t.test('below the cgroup of systemd, and outside of it', (t) => {
  const { put, ask } = world(t, { ...unified, root: '/m.scope' })
  put(7, '0::/m.scope/a.service\n')
  t.match(ask(7), { cgroup: '/m.scope/a.service', placement: { unit: 'a.service', unitPath: '/a.service' } })
  put(7, '0::/a.service\n')
  t.match(ask(7), { placement: { none: 'its cgroup is outside of the one in which systemd runs' } })
  t.end()
})

t.test('a path that is not UTF-8', (t) => {
  const { put, ask } = world(t)
  put(7, Buffer.from('0::/a.service/\xff\xc3\n', 'latin1'))
  t.match(ask(7), { cgroup: '/a.service/\ufffd\ufffd', placement: { unit: 'a.service' } })
  put(7, Buffer.from('0::/a\xff.service\n', 'latin1'))
  t.match(ask(7), { placement: { none: 'its cgroup is not named as a unit' } })
  put(7, '0::/a.service/ü\n')
  t.match(ask(7), { cgroup: '/a.service/ü' })
  t.end()
})

t.test('more different cgroups than are kept', (t) => {
  const { put, ask } = world(t)
  const wrong: number[] = []
  for (const round of [1, 2])
    for (let index = 0; index < 600; index++) {
      put(7, `0::/u${index}.service/${round}\n`)
      const caller = ask(7)
      const unit = 'placement' in caller && 'unit' in caller.placement ? caller.placement.unit : ''
      if (unit !== `u${index}.service`) wrong.push(index)
    }
  t.strictSame(wrong, [])
  t.end()
})

t.test('who can not be told', (t) => {
  const { procRoot, put, ask } = world(t)
  t.strictSame(ask(0), { unknown: 'the caller is in another pid namespace' })
  put(0, '0::/a.service\n')
  t.strictSame(ask(0), { unknown: 'the caller is in another pid namespace' })
  t.strictSame(ask(2 ** 32 - 1), { unknown: 'there is no thread 4294967295' })
  put(7, `0::/${'a/'.repeat(32 * 1024)}a.service\n`)
  t.strictSame(ask(7), { unknown: '/proc/7/cgroup is too long' })
  put(7, `0::/a.service\n${'x'.repeat(64 * 1024 - 14)}`)
  t.strictSame(ask(7), { unknown: '/proc/7/cgroup is too long' })
  put(7, `0::/a.service\n${'x'.repeat(64 * 1024 - 15)}`)
  t.match(ask(7), { placement: { unit: 'a.service' } })
  mkdirSync(join(procRoot, '8/cgroup'), { recursive: true })
  t.strictSame(ask(8), { unknown: "/proc/8/cgroup can't be read: EISDIR" })
  mkdirSync(join(procRoot, '9'))
  symlinkSync('cgroup', join(procRoot, '9/cgroup'))
  t.match(ask(9), { unknown: /^\/proc\/9\/cgroup can't be read: / })
  t.end()
})

t.test('an unreadable entry', (t) => {
  const procRoot = mkdtempSync(join(tmpdir(), 'hushfs-test-'))
  chmodSync(procRoot, 0o755)
  t.teardown(() => {
    process.seteuid?.(0)
    rmSync(procRoot, { recursive: true })
  })
  const { put, ask } = world(t, unified, procRoot)
  put(7, '0::/a.service\n')
  put(8, '0::/a.service\n')
  chmodSync(join(procRoot, '7/cgroup'), 0)
  // Root reads everything.
  process.seteuid?.(65534)
  t.match(ask(8), { placement: { unit: 'a.service' } }, 'control: the folder can be searched')
  t.strictSame(ask(7), { unknown: "/proc/7/cgroup can't be read: EACCES" })
  t.end()
})

t.test('without a hierarchy nobody can be told, and no start', (t) => {
  const identifier = new CallerIdentifier({ hierarchy: { unknown: 'none here' } })
  t.strictSame(identifier.identify(process.pid, 0, 0), { unknown: 'none here' })
  const placement = {
    unit: 'a.service',
    unitPath: '/',
    slice: '-.slice',
    userUid: undefined,
    userUnit: undefined,
    userUnitPath: undefined,
  }
  t.equal(identifier.invocation(placement), undefined)
  t.end()
})

t.test('no descriptor is left open, whatever comes', (t) => {
  const { procRoot, put, ask } = world(t)
  mkdirSync(join(procRoot, '8/cgroup'), { recursive: true })
  const open = () => readdirSync('/proc/self/fd').length
  const before = open()
  for (const text of ['0::/a.service\n', '', 'x'.repeat(70_000)]) {
    put(7, text)
    ask(7)
    ask(8)
    ask(9)
  }
  t.equal(open(), before)
  t.end()
})

t.test('any bytes are a caller or unknown, and never an error', (t) => {
  const { put, ask } = world(t)
  const line = fc.tuple(
    fc.constantFrom('0::', '0:', '1:name=systemd:', ':', ''),
    fc.string(),
    fc.constantFrom('\n', ''),
  )
  const text = fc
    .array(
      line.map((parts) => Buffer.from(parts.join(''))),
      { maxLength: 3 },
    )
    .map((lines) => Buffer.concat(lines))
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array()), (bytes) => {
      put(7, bytes)
      const caller = ask(7)
      return 'unknown' in caller ? caller.unknown !== '' : caller.tid === 7
    }),
  )
  t.end()
})

const real = findHierarchy()

t.test('this process in the real /proc', { skip: 'unknown' in real && real.unknown }, (t) => {
  const identifier = new CallerIdentifier({ hierarchy: real })
  t.match(identifier.identify(process.pid, 5, 6), { tid: process.pid, uid: 5, gid: 6, cgroup: /^\// })
  t.match(identifier.details(process.pid), { pid: process.pid, comm: String, exe: process.execPath })
  t.end()
})

t.test('a thread that is not the main one', { skip: 'unknown' in real && real.unknown }, async (t) => {
  const program = `
    const { readlinkSync } = require('node:fs')
    const { parentPort } = require('node:worker_threads')
    parentPort.postMessage(Number(readlinkSync('/proc/thread-self').split('/').at(-1)))
    parentPort.once('message', () => parentPort.close())`
  const worker = new Worker(program, { eval: true })
  const [tid] = (await once(worker, 'message')) as [number]
  try {
    t.not(tid, process.pid)
    const identifier = new CallerIdentifier({ hierarchy: real })
    t.match(identifier.identify(tid, 0, 0), { tid, cgroup: /^\// })
    t.match(identifier.details(tid), { pid: process.pid })
  } finally {
    worker.postMessage('end')
    await once(worker, 'exit')
  }
  t.notOk(existsSync(`/proc/self/task/${tid}`))
})
