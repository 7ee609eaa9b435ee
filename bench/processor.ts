import { setTimeout } from 'node:timers/promises'
import { measureReads } from './support/client.ts'
import type { Cleanup } from './support/cleanup.ts'
import { compare, compareCells, plotCompared, type Compared } from './support/compare.ts'
import type { Effort, Question } from './support/question.ts'
import { interleave } from './support/rounds.ts'
import { serveAll, type Served } from './support/served.ts'
import { BASELINE, hushfs, subjects } from './support/subjects.ts'
import { formatTable } from './support/table.ts'
import { processorTime, serverOf, sleeps } from './support/usage.ts'

/** What processor time does a server take for each read, and what does it do while nobody reads? */
export const processor: Question<ProcessorCost> = { name: 'processor', run, report, plot }

interface ProcessorCost {
  readonly rounds: number
  readonly opensPerRound: number
  /** Microseconds of the server for each open, read and close. */
  readonly perRead: readonly Compared[]
  readonly idleSeconds: number
  /** While nobody reads: microseconds of processor time, and how often a thread was woken, each per second. */
  readonly idle: readonly {
    readonly title: string
    readonly microseconds: number
    readonly wakeUps: number
  }[]
}

const value = new TextEncoder().encode('0123456789abcdef'.repeat(4))
/** V8 collects garbage for some ten seconds after a load. */
const SETTLE_MS = 20_000
const measured = [
  ...subjects.filter(({ id }) => id !== 'tmpfs'),
  hushfs('hushfs-off', 'hushfs, polling: off', { keys: { polling: 'off' } }),
]

async function run({ quick }: Effort, cleanup: Cleanup): Promise<ProcessorCost> {
  const plan = quick
    ? { rounds: 1, count: 200, warmup: 50, idleSeconds: 1 }
    : { rounds: 15, count: 2000, warmup: 200, idleSeconds: 20 }
  const present = measured.filter((subject) => subject.missing?.() === undefined)
  const served = await serveAll(present, value, undefined, cleanup)
  const measure = async ({ file, mountPoint }: Served) => {
    const pid = serverOf(mountPoint)
    const before = processorTime(pid)
    await measureReads({ file, size: value.length, count: plan.count, warmup: plan.warmup }, cleanup)
    return (processorTime(pid) - before) / (plan.count + plan.warmup)
  }
  const rounds = await interleave(served, plan.rounds, measure, cleanup)
  const samples = new Map([...rounds].map(([{ subject }, all]) => [subject, all]))
  await setTimeout(quick ? 100 : SETTLE_MS, undefined, { signal: cleanup.signal })
  return {
    rounds: plan.rounds,
    opensPerRound: plan.count,
    perRead: compare(samples, BASELINE, (time) => time),
    idleSeconds: plan.idleSeconds,
    idle: await measureIdle(served, plan.idleSeconds, cleanup),
  }
}

/** All at the same time. */
async function measureIdle(
  served: readonly Served[],
  seconds: number,
  cleanup: Cleanup,
): Promise<ProcessorCost['idle']> {
  const look = () =>
    served.map(({ mountPoint }) => {
      const pid = serverOf(mountPoint)
      return { time: processorTime(pid), sleeps: sleeps(pid) }
    })
  const before = look()
  await setTimeout(seconds * 1000, undefined, { signal: cleanup.signal })
  const after = look()
  return served.map(({ subject }, index) => ({
    title: subject.title,
    microseconds: ((after[index]?.time ?? NaN) - (before[index]?.time ?? NaN)) / seconds,
    wakeUps: ((after[index]?.sleeps ?? NaN) - (before[index]?.sleeps ?? NaN)) / seconds,
  }))
}

function report(result: ProcessorCost): string {
  const about =
    `Processor time of the server, all its threads, for each open, read to the end and close of ${value.length} bytes at default scheduling: ` +
    `${result.rounds} interleaved rounds of ${result.opensPerRound}. What polling costs is the difference between the two of hushfs.`
  const rows = result.perRead.map((one) => [one.title, ...compareCells(one, 1)])
  const idle = `While nobody reads, over ${result.idleSeconds} s, in the foreground (the service also sends systemd's watchdog a sign of life every few seconds):`
  const idleRows = result.idle.map(({ title, microseconds, wakeUps }) => [
    title,
    microseconds.toFixed(1),
    wakeUps.toFixed(2),
  ])
  return [
    about,
    formatTable([['server', 'ratio', 'µs per read'], ...rows]),
    idle,
    formatTable([['server', 'µs per second', 'wake-ups per second'], ...idleRows]),
  ].join('\n\n')
}

function plot(result: ProcessorCost, title: string): string {
  const panels = [{ title: 'µs of the server', rows: result.perRead }]
  return plotCompared('Processor time for each open, read and close (× libfuse, C)', title, panels, 'µs')
}
