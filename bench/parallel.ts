import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Cleanup } from './support/cleanup.ts'
import { compare, compareCells, plotCompared, type Compared } from './support/compare.ts'
import { paths } from './support/paths.ts'
import type { Effort, Question } from './support/question.ts'
import { interleave } from './support/rounds.ts'
import { serveAll, type Served } from './support/served.ts'
import { describeSpread } from './support/spread.ts'
import { parallelSubjects } from './support/subjects.ts'
import { formatTable } from './support/table.ts'

/** How many reads per second with 64 readers at once, and how long does one take then? */
export const parallel: Question<Parallel> = { name: 'parallel', run, report, plot }

interface Parallel {
  readonly readers: number
  readonly seconds: number
  readonly rounds: number
  readonly missing: readonly string[]
  readonly perSecond: readonly Compared[]
  /** Microseconds. */
  readonly p50: readonly Compared[]
  readonly p99: readonly Compared[]
  readonly p999: readonly Compared[]
}

type Sample = Record<'perSecond' | 'p50' | 'p99' | 'p999', number>

const READERS = 64
const BASE = 'libfuse-threads'
const value = new TextEncoder().encode('0123456789abcdef'.repeat(4))
const execute = promisify(execFile)

async function run({ quick }: Effort, cleanup: Cleanup): Promise<Parallel> {
  const plan = quick ? { rounds: 1, seconds: 1 } : { rounds: 9, seconds: 2 }
  const reasons = parallelSubjects.map((subject) => subject.missing?.())
  const present = parallelSubjects.filter((_, index) => reasons[index] === undefined)
  const served = await serveAll(present, value, undefined, cleanup)
  const measure = ({ file }: Served) => read(file, plan.seconds, cleanup)
  const measured = await interleave(served, plan.rounds, measure, cleanup)
  const samples = new Map([...measured].map(([{ subject }, all]) => [subject, all]))
  const of = (key: keyof Sample) => compare(samples, BASE, (sample: Sample) => sample[key])
  return {
    readers: READERS,
    ...plan,
    missing: reasons.filter((reason) => reason !== undefined),
    perSecond: of('perSecond'),
    p50: of('p50'),
    p99: of('p99'),
    p999: of('p999'),
  }
}

async function read(file: string, seconds: number, cleanup: Cleanup): Promise<Sample> {
  const args = [file, String(value.length), String(READERS), String(seconds)]
  const limits = { signal: cleanup.signal, timeout: 60_000, killSignal: 'SIGKILL' } as const
  const { stdout } = await execute(paths.parallelReaders, args, limits)
  return JSON.parse(stdout) as Sample
}

function report(result: Parallel): string {
  const about =
    `${result.readers} threads open, read to the end and close one secret of ${value.length} bytes for ${result.seconds} s: ${result.rounds} interleaved ` +
    "rounds, ratios to libfuse's multi-threaded server in the same round, median and quartiles. The percentiles are those of one open, read " +
    "and close under this load. gocryptfs leaves what was read in the kernel's page cache, from which anyone who may open the file gets it; hushfs decides and decrypts at each read."
  const rows = result.perSecond.map((one, index) => [
    one.title,
    ...compareCells(one, 0),
    ...[result.p50, result.p99, result.p999].map((all) => {
      const found = all[index]
      return found === undefined ? '' : describeSpread(found.value, 0)
    }),
  ])
  const heading = ['server', 'ratio', 'reads per second', 'p50 µs', 'p99 µs', 'p99.9 µs']
  const missing = result.missing.map((reason) => `Not measured: ${reason}.`)
  return [about, formatTable([heading, ...rows]), ...missing].join('\n\n')
}

function plot(result: Parallel, title: string): string {
  const rows = result.perSecond.filter(({ id }) => id !== 'tmpfs')
  const panels = [{ title: 'reads per second (tmpfs without a server left out)', rows }]
  return plotCompared(`${result.readers} readers at once (× libfuse, C, threads)`, title, panels, '/s', 0)
}
