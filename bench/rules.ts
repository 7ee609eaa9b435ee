import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { measureReads, readOnce, type Percentiles } from './support/client.ts'
import type { Cleanup } from './support/cleanup.ts'
import { lastProcessor } from './support/machine.ts'
import { paths } from './support/paths.ts'
import type { Effort, Question } from './support/question.ts'
import { startServer } from './support/server.ts'
import { describeSpread, spreadOf, type Spread } from './support/spread.ts'
import { makeStore } from './support/store.ts'
import { formatTable } from './support/table.ts'
import { makeUnitCgroup } from './support/unit.ts'

/** What does a unit rule add to an open, and does it matter how long the rule is, or how many secrets have one? */
export const rules: Question<RuleCost> = { name: 'rules', run, report }

interface RuleCost {
  readonly valueBytes: number
  readonly rounds: number
  readonly opensPerRound: number
  readonly cases: readonly Figures[]
  readonly comparisons: readonly { readonly title: string; readonly p50: Spread; readonly p99: Spread }[]
  /** One open in each round, of a unit that the server never saw, in microseconds. */
  readonly firstOpens: readonly { readonly title: string; readonly time: Spread }[]
}

/** Times in microseconds; ratios and differences to BASELINE in the same round. */
interface Figures {
  readonly title: string
  readonly p50: Spread
  readonly p99: Spread
  readonly ratioP50: Spread
  readonly ratioP99: Spread
  readonly differenceP50: Spread
  readonly rounds: readonly Percentiles[]
}

/** A server each. `few` and `many` differ in the number of other secrets only: a server with other traffic has other times. */
type Mount = 'rules' | 'few' | 'many'

/** One secret that is read; its rule lets the bench's unit in. */
interface Case {
  readonly id: string
  readonly title: string
  readonly mount: Mount
  readonly units?: readonly string[]
}

const FEW = 10
const MANY = 10_000
const UNIT = 'hushfs-bench.service'
const GLOB = 'hushfs-bench*.service'
const BASELINE = 'none'

const cases: readonly Case[] = [
  { id: BASELINE, title: 'no rule', mount: 'rules' },
  { id: 'names-10', title: 'rule of 10 names', mount: 'rules', units: names(FEW) },
  { id: 'names-10000', title: 'rule of 10,000 names', mount: 'rules', units: names(MANY) },
  { id: 'globs-10', title: 'rule of 10 globs', mount: 'rules', units: globs(FEW) },
  { id: 'globs-10000', title: 'rule of 10,000 globs', mount: 'rules', units: globs(MANY) },
  ...among('few', FEW),
  ...among('many', MANY),
]

const comparisons = [
  { title: 'rule of 10,000 names / of 10', of: 'names-10000', to: 'names-10' },
  { title: 'rule of 10,000 globs / of 10', of: 'globs-10000', to: 'globs-10' },
  { title: 'no rule, among 10,000 others / among 10', of: 'none-among-10000', to: 'none-among-10' },
  {
    title: 'rule of 10 names, among 10,000 others / among 10',
    of: 'names-among-10000',
    to: 'names-among-10',
  },
] as const

/** The rules for which a unit's first open may differ from the next: BASELINE, and those with globs. */
const firsts = cases.filter(({ id }) => [BASELINE, 'globs-10', 'globs-10000'].includes(id))

function among(mount: Mount, count: number): Case[] {
  const others = `${count.toLocaleString('en')} others have one`
  return [
    { id: `none-among-${count}`, title: `no rule, ${others}`, mount },
    {
      id: `names-among-${count}`,
      title: `rule of 10 names, ${others}`,
      mount,
      units: names(FEW),
    },
  ]
}

/** The one that lets the unit in comes last. */
function names(count: number): string[] {
  return [...Array.from({ length: count - 1 }, (_, index) => `other-${index}.service`), UNIT]
}

function globs(count: number): string[] {
  return [...Array.from({ length: count - 1 }, (_, index) => `other-${index}@*.service`), GLOB]
}

const value = new TextEncoder().encode('0123456789abcdef'.repeat(4))
const OPENED_DEADLINE_MS = 60_000
const POLL_MS = 50

async function run({ quick }: Effort, cleanup: Cleanup): Promise<RuleCost> {
  const plan = quick ? { rounds: 3, count: 100, warmup: 20 } : { rounds: 31, count: 2000, warmup: 200 }
  const folder = mkdtempSync(join(tmpdir(), 'hushfs-bench-'))
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }))
  const cgroup = makeUnitCgroup(UNIT, cleanup)
  const processor = lastProcessor()
  await serve(join(folder, 'rules'), 'rules', 0, processor, cleanup)
  await serve(join(folder, 'few'), 'few', FEW, processor, cleanup)
  await serve(join(folder, 'many'), 'many', MANY, processor, cleanup)
  const fileOf = ({ mount, id }: Case) => join(folder, mount, 'mnt', id)
  for (const one of cases) await checkRule(one, fileOf(one), cgroup, cleanup)

  const rounds = new Map<string, Percentiles[]>(cases.map(({ id }) => [id, []]))
  const firstOpens = new Map<string, number[]>(firsts.map(({ id }) => [id, []]))
  const reads = { size: value.length, processor }
  // The first round lets V8 compile.
  for (let round = -1; round < plan.rounds; round++) {
    for (const one of rotated(cases, round)) {
      const times = await measureReads(
        { ...reads, count: plan.count, warmup: plan.warmup, file: fileOf(one), cgroup },
        cleanup,
      )
      if (round >= 0) rounds.get(one.id)?.push(times)
    }
    const fresh = makeUnitCgroup(`hushfs-bench-${round + 1}.service`, cleanup)
    for (const one of rotated(firsts, round)) {
      const once = { ...reads, count: 1, warmup: 0, file: fileOf(one), cgroup: fresh }
      const { p50 } = await measureReads(once, cleanup)
      if (round >= 0) firstOpens.get(one.id)?.push(p50)
    }
  }
  return {
    valueBytes: value.length,
    rounds: plan.rounds,
    opensPerRound: plan.count,
    ...summarise(rounds),
    firstOpens: firsts.map(({ id, title }) => ({ title, time: spreadOf(firstOpens.get(id) ?? []) })),
  }
}

/** Starts a server of the mount's cases and of so many others, each with its rule; resolves when it has opened every secret. */
async function serve(
  folder: string,
  mount: Mount,
  otherCount: number,
  processor: number,
  cleanup: Cleanup,
): Promise<void> {
  const mountPoint = join(folder, 'mnt')
  mkdirSync(mountPoint, { recursive: true })
  const others = new Map(
    Array.from({ length: otherCount }, (_, index) => [`other-${index}`, [`other-${index}.service`]]),
  )
  const own = cases.filter((one) => one.mount === mount)
  const units = new Map([
    ...others,
    ...own.flatMap((one) => (one.units ? [[one.id, one.units] as const] : [])),
  ])
  const ids = [...own.map(({ id }) => id), ...others.keys()]
  const config = await makeStore(folder, new Map(ids.map((id) => [id, value])), units)
  const command = [process.execPath, paths.hushfs, 'mount', '--config', config, mountPoint] as const
  await startServer({ command: [...command], mountPoint, processor }, cleanup)
  const deadline = Date.now() + OPENED_DEADLINE_MS
  while (!(await hasOpenedAll(mountPoint, ids.length, cleanup))) {
    if (Date.now() > deadline) throw new Error(`hushfs did not open ${ids.length} secrets in time`)
    await setTimeout(POLL_MS, undefined, { signal: cleanup.signal })
  }
}

async function hasOpenedAll(mountPoint: string, total: number, cleanup: Cleanup): Promise<boolean> {
  const text = new TextDecoder().decode(await readOnce(join(mountPoint, '.hushfs/status.json'), cleanup))
  const { secrets } = JSON.parse(text) as { secrets: { total: number; failing: number; pending: number } }
  if (secrets.failing > 0) throw new Error(`hushfs could not open ${secrets.failing} secrets`)
  return secrets.total === total && secrets.pending === 0
}

/** A rule that isn't applied has no cost. */
async function checkRule(one: Case, file: string, cgroup: string, cleanup: Cleanup): Promise<void> {
  const read = await readOnce(file, cleanup, cgroup)
  if (Buffer.compare(read, value) !== 0) throw new Error(`${one.title}: another value is served`)
  const outside = await readOnce(file, cleanup).catch(() => undefined)
  if ((outside === undefined) !== (one.units !== undefined))
    throw new Error(`${one.title}: outside of the unit the secret can${outside ? '' : "'t"} be read`)
}

/** Another one is first in each round. */
function rotated(all: readonly Case[], round: number): Case[] {
  const first = Math.max(round, 0) % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}

function summarise(
  rounds: ReadonlyMap<string, readonly Percentiles[]>,
): Pick<RuleCost, 'cases' | 'comparisons'> {
  const timesOf = (id: string, key: keyof Percentiles) => (rounds.get(id) ?? []).map((round) => round[key])
  const compare = (of: string, to: string, key: keyof Percentiles, by: (a: number, b: number) => number) => {
    const base = timesOf(to, key)
    return spreadOf(timesOf(of, key).map((time, index) => by(time, base[index] ?? NaN)))
  }
  const ratio = (a: number, b: number) => a / b
  const difference = (a: number, b: number) => a - b
  return {
    cases: cases.map(({ id, title }) => ({
      title,
      p50: spreadOf(timesOf(id, 'p50')),
      p99: spreadOf(timesOf(id, 'p99')),
      ratioP50: compare(id, BASELINE, 'p50', ratio),
      ratioP99: compare(id, BASELINE, 'p99', ratio),
      differenceP50: compare(id, BASELINE, 'p50', difference),
      rounds: rounds.get(id) ?? [],
    })),
    comparisons: comparisons.map(({ title, of, to }) => ({
      title,
      p50: compare(of, to, 'p50', ratio),
      p99: compare(of, to, 'p99', ratio),
    })),
  }
}

function report(result: RuleCost): string {
  const about =
    `Open, read to the end and close one secret of ${result.valueBytes} bytes as ${UNIT}, client and servers on one processor: ` +
    `${result.rounds} interleaved rounds of ${result.opensPerRound} opens each after a warm-up, the order rotated. Ratios and ` +
    'differences compare with the secret without a rule in the same round: median and quartiles over the rounds. The name or glob ' +
    'that lets the unit in is the last of its rule. Every open is identified for the audit, with a rule or without; a rule ' +
    'identifies at each read too, and this client reads twice. Secrets among others are served by processes of their own: compare ' +
    'them with each other.'
  const single = result.cases.map((one) => [
    one.title,
    describeSpread(one.ratioP50, 2),
    describeSpread(one.ratioP99, 2),
    describeSpread(one.differenceP50, 1),
    one.p50.median.toFixed(1),
    one.p99.median.toFixed(1),
  ])
  const compared = result.comparisons.map(({ title, p50, p99 }) => [
    title,
    describeSpread(p50, 2),
    describeSpread(p99, 2),
  ])
  const remembered =
    'What the globs of a rule say to the name of a unit is remembered, so they are walked at the first open of a unit only. That one, ' +
    'by a new process of a new unit:'
  const first = result.firstOpens.map(({ title, time }) => [title, describeSpread(time, 0)])
  return [
    about,
    formatTable([['secret', 'p50 ratio', 'p99 ratio', 'p50 more µs', 'p50 µs', 'p99 µs'], ...single]),
    formatTable([['ten thousand against ten', 'p50 ratio', 'p99 ratio'], ...compared]),
    remembered,
    formatTable([['first open of a unit', 'µs'], ...first]),
  ].join('\n\n')
}
