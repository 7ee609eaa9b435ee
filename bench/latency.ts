import { plotBars } from './support/bars.ts'
import { measureReads, type Percentiles } from './support/client.ts'
import { withCleanup, type Cleanup } from './support/cleanup.ts'
import { lastProcessor } from './support/machine.ts'
import type { Effort, Question } from './support/question.ts'
import { interleave } from './support/rounds.ts'
import { serveAll, type Served } from './support/served.ts'
import { describeSpread, spreadOf, type Spread } from './support/spread.ts'
import { BASELINE, subjects, type Subject } from './support/subjects.ts'
import { formatTable } from './support/table.ts'

/** How long does it take to open, read to the end and close one secret of 64 bytes? */
export const latency: Question<Latency> = { name: 'latency', run, report, plot }

interface Latency {
  readonly valueBytes: number
  readonly rounds: number
  readonly opensPerRound: number
  /** Subjects that could not run here, and why. */
  readonly missing: readonly string[]
  readonly schedulings: readonly Scheduling[]
}

interface Scheduling {
  readonly title: string
  readonly subjects: readonly Figures[]
}

/** Times in microseconds; ratios to BASELINE in the same round. */
interface Figures {
  readonly id: string
  readonly title: string
  readonly p50: Spread
  readonly p90: Spread
  readonly p99: Spread
  readonly ratioP50: Spread
  readonly ratioP99: Spread
  readonly rounds: readonly Percentiles[]
}

const value = new TextEncoder().encode('0123456789abcdef'.repeat(4))

async function run({ quick }: Effort, cleanup: Cleanup): Promise<Latency> {
  const plan = quick ? { rounds: 3, count: 100, warmup: 20 } : { rounds: 31, count: 2000, warmup: 200 }
  const reasons = subjects.map((subject) => subject.missing?.())
  const present = subjects.filter((_, index) => reasons[index] === undefined)
  const schedulings = []
  for (const processor of [undefined, lastProcessor()]) {
    schedulings.push(await measureScheduling(present, processor, plan, cleanup))
  }
  return {
    valueBytes: value.length,
    rounds: plan.rounds,
    opensPerRound: plan.count,
    missing: reasons.filter((reason) => reason !== undefined),
    schedulings,
  }
}

interface Plan {
  readonly rounds: number
  readonly count: number
  readonly warmup: number
}

/** All subjects serve at the same time; each round reads from each, starting with another one every time. */
async function measureScheduling(
  present: readonly Subject[],
  processor: number | undefined,
  plan: Plan,
  outer: Cleanup,
): Promise<Scheduling> {
  const pinning = processor === undefined ? {} : { processor }
  const measured = await withCleanup(async (own) => {
    const cleanup = { ...own, signal: AbortSignal.any([own.signal, outer.signal]) }
    const served = await serveAll(present, value, processor, cleanup)
    const reads = { size: value.length, count: plan.count, warmup: plan.warmup, ...pinning }
    const measure = ({ file }: Served) => measureReads({ ...reads, file }, cleanup)
    return interleave(served, plan.rounds, measure, cleanup)
  })
  const baseline = [...measured].find(([{ subject }]) => subject.id === BASELINE)?.[1] ?? []
  return {
    title: processor === undefined ? 'default scheduling' : 'client and server on one processor',
    subjects: [...measured].map(([{ subject }, rounds]) => summarise(subject, rounds, baseline)),
  }
}

function summarise(
  subject: Subject,
  rounds: readonly Percentiles[],
  baseline: readonly Percentiles[],
): Figures {
  const times = (key: keyof Percentiles) => spreadOf(rounds.map((round) => round[key]))
  const ratios = (key: keyof Percentiles) =>
    spreadOf(rounds.map((round, index) => round[key] / (baseline[index]?.[key] ?? NaN)))
  return {
    id: subject.id,
    title: subject.title,
    p50: times('p50'),
    p90: times('p90'),
    p99: times('p99'),
    ratioP50: ratios('p50'),
    ratioP99: ratios('p99'),
    rounds,
  }
}

function report(result: Latency): string {
  const heading = ['server', 'p50 ratio', 'p99 ratio', 'p50 µs', 'p90 µs', 'p99 µs']
  const reading =
    'With default scheduling most of the time goes into waking the other processor; on a machine that is busy otherwise client ' +
    'and server end up on one, which is several times faster. So compare ratios, and mind the load.'
  const tables = result.schedulings.map(({ title, subjects: all }) => {
    const rows = all.map((one) => [
      one.title,
      describeSpread(one.ratioP50, 2),
      describeSpread(one.ratioP99, 2),
      describeSpread(one.p50, 1),
      one.p90.median.toFixed(1),
      one.p99.median.toFixed(1),
    ])
    return `**${title[0]?.toUpperCase()}${title.slice(1)}**\n\n${formatTable([heading, ...rows])}`
  })
  const about =
    `Open, read to the end and close one secret of ${result.valueBytes} bytes: ${result.rounds} interleaved rounds of ` +
    `${result.opensPerRound} opens each after a warm-up, the order rotated. A ratio compares with libfuse's C server in ` +
    'the same round: median and quartiles over the rounds. hushfs decrypts at every read; the others copy plain bytes.'
  const peers =
    "libfuse's server uses the low-level interface, one thread and direct I/O, as hushfs does. fuse-native can't ask for " +
    'direct I/O, so the kernel answers the read at the end of the file from its cache: one request less for each open.'
  return [
    about,
    peers,
    reading,
    ...tables,
    ...result.missing.map((reason) => `Not measured: ${reason}.`),
  ].join('\n\n')
}

function plot(result: Latency, title: string): string {
  const panels = result.schedulings.map((scheduling) => ({
    title: scheduling.title,
    bars: scheduling.subjects.map((one) => ({
      label: one.title,
      accent: one.id === 'hushfs',
      value: one.p50.median,
      whisker: one.p99.median,
      note:
        `${one.p50.median.toFixed(1)} µs` +
        (one.id === BASELINE ? '' : ` (${one.ratioP50.median.toFixed(2)} ×)`),
    })),
  }))
  const heading = `Open, read and close a secret of ${result.valueBytes} bytes: median (× libfuse, C), line to the 99th percentile`
  return plotBars({ heading, footing: title, panels })
}
