import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { measureReads, type Percentiles } from './support/client.ts'
import { withCleanup, type Cleanup } from './support/cleanup.ts'
import { compare, plotCompared, type Compared } from './support/compare.ts'
import { lastProcessor } from './support/machine.ts'
import type { Effort, Question } from './support/question.ts'
import { interleave } from './support/rounds.ts'
import { serveAll, type Served } from './support/served.ts'
import { describeSpread } from './support/spread.ts'
import { hushfs } from './support/subjects.ts'
import { formatTable } from './support/table.ts'

/** Is polling ever worse than sleeping at once: for a reader that pauses, where all processors are busy, where client and server share one? */
export const polling: Question<PollingCost> = { name: 'polling', run, report, plot }

interface PollingCost {
  readonly rounds: number
  readonly situations: readonly {
    readonly title: string
    readonly opensPerRound: number
    readonly mean: readonly Compared[]
    readonly p50: readonly Compared[]
    readonly p99: readonly Compared[]
  }[]
}

interface Situation {
  readonly title: string
  readonly count: number
  readonly processor?: number
  readonly pause?: number
  /** Processes that do nothing but run, one for each processor. */
  readonly busy?: true
}

const LIMIT = 1.1
const BASE = 'off'
const value = new TextEncoder().encode('0123456789abcdef'.repeat(4))
const subjects = [
  hushfs(BASE, 'polling: off', { keys: { polling: 'off' } }),
  hushfs('hushfs', 'polling: auto'),
]
const situations: readonly Situation[] = [
  { title: 'one read after the other', count: 2000 },
  { title: 'a pause of 150 µs before each', count: 1000, pause: 150 },
  { title: 'a pause of 1 ms before each', count: 500, pause: 1000 },
  { title: 'a pause of 20 ms before each', count: 50, pause: 20_000 },
  { title: 'every processor busy', count: 2000, busy: true },
  { title: 'client and server on one processor', count: 2000, processor: lastProcessor() },
]

async function run({ quick }: Effort, outer: Cleanup): Promise<PollingCost> {
  const rounds = quick ? 1 : 21
  const measured: PollingCost['situations'][number][] = []
  for (const situation of situations) {
    const count = quick ? Math.min(50, situation.count) : situation.count
    measured.push(await measure({ ...situation, count }, rounds, outer))
  }
  return { rounds, situations: measured }
}

async function measure(
  { title, count, processor, pause, busy }: Situation,
  rounds: number,
  outer: Cleanup,
): Promise<PollingCost['situations'][number]> {
  return withCleanup(async (own) => {
    const cleanup = { ...own, signal: AbortSignal.any([own.signal, outer.signal]) }
    const served = await serveAll(subjects, value, processor, cleanup)
    if (busy) keepBusy(cleanup)
    const reads = { size: value.length, count, warmup: Math.ceil(count / 10) }
    const where = {
      ...(processor === undefined ? {} : { processor }),
      ...(pause === undefined ? {} : { pause }),
    }
    const look = ({ file }: Served) => measureReads({ ...reads, ...where, file }, cleanup)
    const all = await interleave(served, rounds, look, cleanup)
    const samples = new Map([...all].map(([{ subject }, found]) => [subject, found]))
    const of = (key: 'mean' | 'p50' | 'p99') => compare(samples, BASE, (one: Percentiles) => one[key])
    return { title, opensPerRound: count, mean: of('mean'), p50: of('p50'), p99: of('p99') }
  })
}

function keepBusy(cleanup: Cleanup): void {
  for (let at = 0; at < availableParallelism(); at++) {
    const child = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' })
    cleanup.defer(() => void child.kill('SIGKILL'))
  }
}

function report(result: PollingCost): string {
  const about =
    `Open, read to the end and close ${value.length} bytes, with polling as it is by default against \`polling: off\`: ${result.rounds} interleaved rounds, ratios in the same ` +
    `round, median and quartiles. The limit is ${LIMIT}. What polling takes of the processor is below, under Processor time.`
  const rows = result.situations.map(({ title, mean, p50, p99 }) => [
    title,
    ...[p50, mean, p99].map((all) => describeSpread(polled(all).ratio, 2)),
    ...p50.map((one) => one.value.median.toFixed(1)),
  ])
  const heading = ['situation', 'p50 ratio', 'mean ratio', 'p99 ratio', 'p50 µs, off', 'p50 µs, auto']
  return [about, formatTable([heading, ...rows])].join('\n\n')
}

function polled(all: readonly Compared[]): Compared {
  const found = all.find(({ id }) => id !== BASE)
  if (found === undefined) throw new Error('nothing was measured')
  return found
}

function plot(result: PollingCost, title: string): string {
  const panels = result.situations.map((one) => ({ title: one.title, rows: one.p50 }))
  return plotCompared('Polling: median of open, read and close (× polling: off)', title, panels, 'µs')
}
