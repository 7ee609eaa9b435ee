import { measureReads } from './support/client.ts'
import type { Cleanup } from './support/cleanup.ts'
import { compare, compareCells, plotCompared, type Compared } from './support/compare.ts'
import type { Effort, Question } from './support/question.ts'
import { interleave } from './support/rounds.ts'
import { serveAll, type Served } from './support/served.ts'
import { BASELINE, parallelSubjects } from './support/subjects.ts'
import { formatTable } from './support/table.ts'

/** How fast is the largest secret read, 1 MiB? */
export const throughput: Question<Throughput> = { name: 'throughput', run, report, plot }

interface Throughput {
  readonly valueBytes: number
  readonly rounds: number
  readonly missing: readonly string[]
  /** MiB per second, from the median time of a round. */
  readonly speed: readonly Compared[]
}

const value = new Uint8Array(1 << 20).fill(0x61)

async function run({ quick }: Effort, cleanup: Cleanup): Promise<Throughput> {
  const plan = quick ? { rounds: 1, count: 5, warmup: 1 } : { rounds: 15, count: 100, warmup: 10 }
  const subjects = parallelSubjects.filter(({ id }) => id !== 'libfuse-threads')
  const reasons = subjects.map((subject) => subject.missing?.())
  const present = subjects.filter((_, index) => reasons[index] === undefined)
  const served = await serveAll(present, value, undefined, cleanup)
  const { rounds, count, warmup } = plan
  const measure = ({ file }: Served) => measureReads({ file, size: value.length, count, warmup }, cleanup)
  const measured = await interleave(served, rounds, measure, cleanup)
  const samples = new Map([...measured].map(([{ subject }, all]) => [subject, all]))
  return {
    valueBytes: value.length,
    rounds,
    missing: reasons.filter((reason) => reason !== undefined),
    speed: compare(samples, BASELINE, ({ p50 }) => 1e6 / p50),
  }
}

function report(result: Throughput): string {
  const about =
    `Open, read to the end and close one secret of 1 MiB, the most that one may have: ${result.rounds} interleaved rounds, MiB per second from the ` +
    "median time of each. hushfs decrypts 64 chunks for it, each time; libfuse's server copies plain bytes, gocryptfs' are in the kernel's page cache."
  const rows = result.speed.map((one) => [one.title, ...compareCells(one, 0)])
  const missing = result.missing.map((reason) => `Not measured: ${reason}.`)
  return [about, formatTable([['server', 'ratio', 'MiB/s'], ...rows]), ...missing].join('\n\n')
}

function plot(result: Throughput, title: string): string {
  const rows = result.speed.filter(({ id }) => id !== 'tmpfs')
  return plotCompared('Reading 1 MiB (× libfuse, C)', title, [{ title: 'MiB per second', rows }], 'MiB/s', 0)
}
