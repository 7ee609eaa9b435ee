import { measureReads } from './support/client.ts'
import type { Cleanup } from './support/cleanup.ts'
import { compare, compareCells, plotCompared, type Compared } from './support/compare.ts'
import { lastProcessor } from './support/machine.ts'
import type { Effort, Question } from './support/question.ts'
import { interleave } from './support/rounds.ts'
import { serveAll, type Served } from './support/served.ts'
import { BASELINE, hushfs, subjects } from './support/subjects.ts'
import { formatTable } from './support/table.ts'
import { makeUnitCgroup } from './support/unit.ts'

/** How long does the first read of a new process take, and how long a refusal? */
export const access: Question<Access> = { name: 'access', run, report, plot }

interface Access {
  readonly rounds: number
  /** Microseconds of the one open, read and close of a process that the server never saw. */
  readonly first: readonly Compared[]
  /** Microseconds of an open that a unit rule refuses, and that is written down. */
  readonly denied: readonly Compared[]
}

const value = new TextEncoder().encode('0123456789abcdef'.repeat(4))
const UNIT = 'hushfs-bench.service'
const PER_ROUND = 20
const ruled = hushfs('hushfs-ruled', 'hushfs, unit rule', { units: [UNIT] })

async function run({ quick }: Effort, cleanup: Cleanup): Promise<Access> {
  const plan = quick ? { rounds: 2, count: 50, warmup: 10 } : { rounds: 15, count: 1000, warmup: 100 }
  const processor = lastProcessor()
  const cgroup = makeUnitCgroup(UNIT, cleanup)
  const present = subjects.filter((subject) => subject.missing?.() === undefined)
  const open = await serveAll(present, value, processor, cleanup)
  const restricted = await serveAll([ruled], value, processor, cleanup, cgroup)
  const size = value.length
  // V8 compiles what is asked often.
  for (const { file } of open) await measureReads({ file, size, count: 3000, warmup: 0, processor }, cleanup)
  const firstReads = async ({ file }: Served) => {
    const times: number[] = []
    for (let index = 0; index < PER_ROUND; index++) {
      const once = { file, size, count: 1, warmup: 0, processor, cgroup }
      times.push((await measureReads(once, cleanup)).p50)
    }
    return times.sort((a, b) => a - b)[PER_ROUND / 2] ?? NaN
  }
  const refusals = async ({ file, subject }: Served) => {
    const { count, warmup } = plan
    const reads = { file, size: subject === ruled ? ('denied' as const) : size, count, warmup, processor }
    return (await measureReads(reads, cleanup)).p50
  }
  const first = await interleave([...open, ...restricted], plan.rounds, firstReads, cleanup)
  const baseline = open.filter(({ subject }) => subject.id === BASELINE)
  const denied = await interleave([...baseline, ...restricted], plan.rounds, refusals, cleanup)
  const bySubject = (all: typeof first) => new Map([...all].map(([{ subject }, times]) => [subject, times]))
  return {
    rounds: plan.rounds,
    first: compare(bySubject(first), BASELINE, (time) => time),
    denied: compare(bySubject(denied), BASELINE, (time) => time),
  }
}

function report(result: Access): string {
  const about =
    `Client and servers on one processor, ${result.rounds} interleaved rounds. First the one open, read and close of ${value.length} bytes by a new process, the median of ` +
    `${PER_ROUND} processes in each round: nothing of it is known to the server, and the processor's caches are cold.`
  const first = result.first.map((one) => [one.title, ...compareCells(one, 0)])
  const then =
    'Then an open that a unit rule refuses, by a process that tries again and again, against a whole read of the peer: a refusal is one request, and identical ones are one line of the audit.'
  const denied = result.denied.map((one) => [one.title, ...compareCells(one, 1)])
  return [
    about,
    formatTable([['first read by a process', 'ratio', 'µs'], ...first]),
    then,
    formatTable([['refused open (libfuse: a read)', 'ratio', 'µs'], ...denied]),
  ].join('\n\n')
}

function plot(result: Access, title: string): string {
  const panels = [
    { title: 'first read of a new process', rows: result.first.filter(({ id }) => id !== 'tmpfs') },
  ]
  return plotCompared('A process that the server never saw (× libfuse, C)', title, panels, 'µs', 0)
}
