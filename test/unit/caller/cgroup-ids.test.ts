import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import t, { type Test } from 'tap'
import { CgroupIds, NO_ID } from '../../../src/caller/cgroup-ids.ts'
import { findHierarchy, pathInHierarchy, type Hierarchy } from '../../../src/caller/hierarchy.ts'
import { CallerIdentifier } from '../../../src/caller/identify.ts'
import { TestUnit } from '../../support/units.ts'

const hierarchy = findHierarchy() as Hierarchy
const skip = CgroupIds.ifTold() === undefined && 'the kernel is older than 6.13'

/** A process that waits until the test ends. */
async function sleeper(t: Test): Promise<number> {
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await once(child, 'close')
  })
  child.stdin.write('x')
  await once(child.stdout, 'data')
  return child.pid ?? 0
}

/** The unit of a caller, or what is known instead. */
function unitOf(identifier: CallerIdentifier, tid: number): unknown {
  const caller = identifier.identify(tid, 0, 0)
  if ('unknown' in caller) return caller.unknown
  return 'unit' in caller.placement ? caller.placement.unit : caller.placement.none
}

t.test('the id is the inode number of the folder', { skip }, async (t) => {
  const unit = new TestUnit(t)
  const pid = await sleeper(t)
  writeFileSync(unit.processes, String(pid))
  t.equal(CgroupIds.ifTold()?.of(pid), statSync(dirname(unit.processes)).ino)
  t.equal(CgroupIds.ifTold()?.of(2 ** 22 + 1), NO_ID, 'there is no such thread')
})

t.test('a thread that moves is where it is now', async (t) => {
  const units = [new TestUnit(t), new TestUnit(t)]
  const pid = await sleeper(t)
  const identifier = new CallerIdentifier({ hierarchy })
  for (const unit of [...units, ...units, ...units]) {
    writeFileSync(unit.processes, String(pid))
    t.equal(unitOf(identifier, pid), unit.name)
    t.equal(unitOf(identifier, pid), unit.name, 'and is asked anew')
  }
})

t.test('a cgroup that has the name of one before it', async (t) => {
  const outer = new TestUnit(t)
  const pid = await sleeper(t)
  const identifier = new CallerIdentifier({ hierarchy })
  const inner = `${dirname(outer.processes)}/x`
  for (let round = 0; round < 3; round++) {
    mkdirSync(inner)
    writeFileSync(`${inner}/cgroup.procs`, String(pid))
    t.match(identifier.identify(pid, 0, 0), { cgroup: new RegExp(`/${outer.name}/x$`) })
    writeFileSync(outer.processes, String(pid))
    t.match(identifier.identify(pid, 0, 0), { cgroup: new RegExp(`/${outer.name}$`) })
    rmdirSync(inner)
  }
})

t.test('every process is where its file says, at the first question and the next ones', (t) => {
  const identifier = new CallerIdentifier({ hierarchy })
  let compared = 0
  for (const pid of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    const answers = [1, 2, 3].map(() => identifier.identify(Number(pid), 0, 0))
    const path = pathIn(pid)
    if (path === undefined || answers.some((answer) => 'unknown' in answer)) continue
    t.match(answers, [{ cgroup: path }, { cgroup: path }, { cgroup: path }])
    compared++
  }
  t.ok(compared > 3)
  t.end()
})

t.test('a thread that moves while it is looked at', { skip }, async (t) => {
  const [before, after] = [new TestUnit(t), new TestUnit(t)]
  const pid = await sleeper(t)
  const identifier = new CallerIdentifier({ hierarchy })
  writeFileSync(before.processes, String(pid))
  const id = CgroupIds.ifTold()?.of(pid)
  const ids = t.capture(CgroupIds.prototype, 'of', () => {
    writeFileSync(after.processes, String(pid))
    return id
  })
  t.equal(unitOf(identifier, pid), after.name)
  t.equal(ids().length, 1)
  ids.restore()
  for (const unit of [before, after, before]) {
    writeFileSync(unit.processes, String(pid))
    t.equal(unitOf(identifier, pid), unit.name)
  }
})

t.test('folders that are elsewhere', { skip }, async (t) => {
  const unit = new TestUnit(t)
  const pid = await sleeper(t)
  const elsewhere = new CallerIdentifier({ hierarchy: { ...hierarchy, mountPoint: t.testdir() } })
  writeFileSync(unit.processes, String(pid))
  for (let round = 0; round < 3; round++) t.equal(unitOf(elsewhere, pid), unit.name)
})

/** By the file alone; undefined for a process that is gone. */
function pathIn(pid: string): string | undefined {
  try {
    return pathInHierarchy(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), hierarchy.layout)
  } catch {
    return undefined
  }
}
