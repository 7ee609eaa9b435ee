import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { findHierarchy } from '../src/caller/hierarchy.ts'
import { CallerIdentifier } from '../src/caller/identify.ts'
import { close, open, read } from '../src/sys/libc.ts'
import type { InUnit } from '../src/caller/cgroup.ts'
import type { Cleanup } from './support/cleanup.ts'
import type { Effort, Question } from './support/question.ts'
import { describeSpread, spreadOf, type Spread } from './support/spread.ts'
import { formatTable } from './support/table.ts'

/** What does it cost to find out who asks, while the caller waits? */
export const caller: Question<CallerCost> = { name: 'caller', run, report }

interface CallerCost {
  readonly layout: string
  /** Length of the caller's /proc/PID/cgroup, which has a line for each hierarchy of version 1. */
  readonly cgroupBytes: number
  readonly rounds: number
  readonly callsPerRound: number
  /** Means of the rounds in microseconds. */
  readonly steps: readonly { readonly title: string; readonly time: Spread }[]
}

interface Step {
  readonly title: string
  readonly call: () => unknown
}

async function run({ quick }: Effort, cleanup: Cleanup): Promise<CallerCost> {
  const hierarchy = findHierarchy()
  if ('unknown' in hierarchy) throw new Error(hierarchy.unknown)
  const child = spawn('sleep', ['infinity'], { stdio: 'ignore' })
  cleanup.defer(() => void child.kill())
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  const pid = child.pid ?? 0
  const file = `/proc/${pid}/cgroup`
  const steps = stepsOf(pid, file, new CallerIdentifier({ hierarchy }))
  const plan = quick ? { rounds: 3, calls: 1000 } : { rounds: 31, calls: 5000 }
  const times = steps.map((): number[] => [])
  // The first round lets V8 compile.
  for (let round = -1; round < plan.rounds; round++) {
    cleanup.signal.throwIfAborted()
    for (const [index, step] of steps.entries()) {
      const time = meanTime(step, plan.calls)
      if (round >= 0) times[index]?.push(time)
    }
  }
  return {
    layout: hierarchy.layout,
    cgroupBytes: readFileSync(file).length,
    rounds: plan.rounds,
    callsPerRound: plan.calls,
    steps: steps.map(({ title }, index) => ({ title, time: spreadOf(times[index] ?? []) })),
  }
}

function stepsOf(pid: number, file: string, identifier: CallerIdentifier): Step[] {
  const buffer = Buffer.alloc(65536)
  const O_CLOEXEC = 0o2000000
  // Its cgroup is there on every machine; systemd's notes of it may not be, which costs the same calls.
  const placement: InUnit = {
    unit: 'init.scope',
    unitPath: '/',
    slice: '-.slice',
    userUid: undefined,
    userUnit: undefined,
    userUnitPath: undefined,
  }
  return [
    {
      title: 'open, read and close of /proc/PID/cgroup alone',
      call: () => {
        const fd = open(file, O_CLOEXEC)
        read(fd, buffer, buffer.length)
        return close(fd)
      },
    },
    { title: 'the unit of the caller (every open and read)', call: () => identifier.identify(pid, 0, 0) },
    { title: 'process, name and program for the audit', call: () => identifier.details(pid) },
    { title: 'id of the start for the audit', call: () => identifier.invocationId(placement) },
    { title: 'the start for `reads: once`', call: () => identifier.invocation(placement) },
    { title: "for comparison: Node's readFileSync of the file", call: () => readFileSync(file, 'latin1') },
  ]
}

/** Microseconds. */
function meanTime({ call }: Step, calls: number): number {
  const start = process.hrtime.bigint()
  for (let index = 0; index < calls; index++) call()
  return Number(process.hrtime.bigint() - start) / calls / 1000
}

function report(result: CallerCost): string {
  const about =
    `Identifying another process, whose /proc/PID/cgroup has ${result.cgroupBytes} bytes (${result.layout} hierarchy): ` +
    `${result.rounds} rounds of ${result.callsPerRound} calls, median and quartiles of the rounds' means.`
  const base = result.steps[0]?.time.median ?? NaN
  const rows = result.steps.map(({ title, time }) => [
    title,
    (time.median / base).toFixed(2),
    describeSpread(time, 2),
  ])
  return `${about}\n\n${formatTable([['step', 'ratio', 'µs'], ...rows])}`
}
