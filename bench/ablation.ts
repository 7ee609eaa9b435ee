import { measureReads } from './support/client.ts'
import { withCleanup, type Cleanup } from './support/cleanup.ts'
import { compare, type Compared } from './support/compare.ts'
import { lastProcessor } from './support/machine.ts'
import type { Effort, Question } from './support/question.ts'
import { plotBars } from './support/bars.ts'
import { interleave } from './support/rounds.ts'
import { serveAll, type Served } from './support/served.ts'
import { describeSpread, spreadOf, type Spread } from './support/spread.ts'
import { hushfs, type Subject } from './support/subjects.ts'
import { formatTable } from './support/table.ts'
import { makeUnitCgroup } from './support/unit.ts'
import { buildVariant, type Change } from './support/variant.ts'

/** What does each optimisation bring, and what does each part of a read cost? Each is taken out, or done twice, in a program of its own. */
export const ablation: Question<Ablation> = { name: 'ablation', run, report, plot }

interface Ablation {
  readonly rounds: number
  readonly opensPerRound: number
  readonly schedulings: readonly { readonly title: string; readonly rows: readonly Row[] }[]
}

/** p50, and how many microseconds more than BASE in the same round. */
interface Row extends Compared {
  readonly more: Spread
}

const BASE = 'hushfs'
const UNIT = 'hushfs-bench.service'
const value = new TextEncoder().encode('0123456789abcdef'.repeat(4))

const variants: readonly (Change & { readonly id: string; readonly title: string })[] = [
  {
    id: 'polling',
    title: 'without polling',
    file: 'src/daemon/fuse-worker.ts',
    from: 'isAlone ? 0 : start.polling',
    to: '0',
  },
  {
    id: 'gather',
    title: 'no reply waits for others',
    file: 'src/fuse/channel.ts',
    from: 'const BACKLOG = 3',
    to: 'const BACKLOG = Infinity',
  },
  {
    id: 'structs',
    title: 'structs by the list of their fields',
    file: 'src/fuse/wire/layout.ts',
    from: '...unrolled,',
    to: '',
  },
  {
    id: 'flush',
    title: 'the kernel sends FLUSH',
    file: 'src/vfs/secret-fs.ts',
    from: 'FOPEN_DIRECT_IO | FOPEN_NOFLUSH,',
    to: 'FOPEN_DIRECT_IO,',
  },
  {
    id: 'caching',
    title: 'names and attributes not cached',
    file: 'src/vfs/attributes.ts',
    from: 'CACHE_SECONDS = 3600',
    to: 'CACHE_SECONDS = 0',
  },
  {
    id: 'proc',
    title: 'descriptors of threads opened each time',
    file: 'src/caller/per-thread.ts',
    from: 'this.#keeps = keeps',
    to: 'this.#keeps = false',
  },
  {
    id: 'ids',
    title: 'the unit by /proc/TID/cgroup each time',
    file: 'src/caller/identify.ts',
    from: 'hasIds ? CgroupIds.ifTold() : undefined',
    to: 'undefined',
  },
  {
    id: 'texts',
    title: 'the text for the audit made each time',
    file: 'src/audit/event-texts.ts',
    from: 'if (known !== undefined && isSame(known.event, event)) return known.text',
    to: '',
  },
  {
    id: 'views',
    title: 'a new view of the heap for each use',
    file: 'src/crypto/sodium.ts',
    from: 'view.length > 0 ? view :',
    to: 'view.length < 0 ? view :',
  },
  {
    id: 'decryption',
    title: 'decrypted twice',
    file: 'src/vault/memory-vault.ts',
    from: 'if (!this.#sodium.decrypt(',
    to: 'if (!this.#sodium.decrypt(out, sealed, length + TAG_BYTES, undefined, this.#nonce.at, this.#key.at) || !this.#sodium.decrypt(',
  },
  {
    id: 'audit',
    title: 'not written to the audit',
    file: 'src/daemon/audit-sender.ts',
    from: 'this.trail.add(event)',
    to: 'void event',
  },
  {
    id: 'details',
    title: 'no process, name and program for the audit',
    file: 'src/vfs/gate.ts',
    from: 'this.#options.callers.details(header.pid)',
    to: '{ pid: undefined, comm: undefined, exe: undefined }',
  },
]

async function run({ quick }: Effort, outer: Cleanup): Promise<Ablation> {
  const plan = quick ? { rounds: 1, count: 200, warmup: 50 } : { rounds: 21, count: 2000, warmup: 300 }
  const subjects = [hushfs(BASE, 'hushfs as it is'), hushfs('rule', 'with a unit rule', { units: [UNIT] })]
  for (const { id, title, ...change } of variants)
    subjects.push(hushfs(id, title, { program: await buildVariant(id, change) }))
  const schedulings = []
  for (const processor of [undefined, lastProcessor()]) {
    const title = processor === undefined ? 'default scheduling' : 'client and server on one processor'
    schedulings.push({ title, rows: await measure(subjects, processor, plan, outer) })
  }
  return { rounds: plan.rounds, opensPerRound: plan.count, schedulings }
}

async function measure(
  subjects: readonly Subject[],
  processor: number | undefined,
  plan: { readonly rounds: number; readonly count: number; readonly warmup: number },
  outer: Cleanup,
): Promise<Row[]> {
  return withCleanup(async (own) => {
    const cleanup = { ...own, signal: AbortSignal.any([own.signal, outer.signal]) }
    const cgroup = makeUnitCgroup(UNIT, cleanup)
    const served = await serveAll(subjects, value, processor, cleanup, cgroup)
    const reads = { size: value.length, count: plan.count, warmup: plan.warmup, cgroup }
    const pinning = processor === undefined ? {} : { processor }
    const p50 = async ({ file }: Served) => (await measureReads({ ...reads, ...pinning, file }, cleanup)).p50
    const times = await interleave(served, plan.rounds, p50, cleanup)
    const bySubject = new Map([...times].map(([{ subject }, all]) => [subject, all]))
    const base = [...bySubject].find(([{ id }]) => id === BASE)?.[1] ?? []
    return compare(bySubject, BASE, (time) => time).map((one, index) => {
      const all = [...bySubject.values()][index] ?? []
      return { ...one, more: spreadOf(all.map((time, round) => time - (base[round] ?? NaN))) }
    })
  })
}

function report(result: Ablation): string {
  const about =
    `Open, read to the end and close ${value.length} bytes as a unit: ${result.rounds} interleaved rounds of ${result.opensPerRound} opens. Each row is the same program with one thing ` +
    'changed; ratios and differences compare with the program as it is in the same round, median and quartiles. The first rows are what optimisations bring, the last ones what the ' +
    'work of a read costs: decrypting twice takes as much longer as decrypting takes, and what the audit costs shows without it.'
  const tables = result.schedulings.map(({ title, rows }) => {
    const cells = rows.map(({ title: label, ratio, more, value: time }) => [
      label,
      describeSpread(ratio, 2),
      describeSpread(more, 1),
      time.median.toFixed(1),
    ])
    return `**${title[0]?.toUpperCase()}${title.slice(1)}**\n\n${formatTable([['program', 'p50 ratio', 'more µs', 'p50 µs'], ...cells])}`
  })
  return [about, ...tables].join('\n\n')
}

function plot(result: Ablation, title: string): string {
  const panels = result.schedulings.map((one) => ({
    title: one.title,
    bars: one.rows.map(({ id, title: label, value: time, ratio }) => ({
      label,
      accent: id === BASE,
      value: time.median,
      whisker: time.quartiles[1],
      note: `${time.median.toFixed(1)} µs (${ratio.median.toFixed(2)} ×)`,
    })),
  }))
  return plotBars({ heading: 'One thing changed: median of open, read and close', footing: title, panels })
}
