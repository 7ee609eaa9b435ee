import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { plotBars } from './support/bars.ts'
import { measureReads, readOnce } from './support/client.ts'
import type { Cleanup } from './support/cleanup.ts'
import type { Effort, Question } from './support/question.ts'
import { interleave, ratios } from './support/rounds.ts'
import { workFolder } from './support/served.ts'
import { startReading } from './support/opening.ts'
import { stopServer } from './support/server.ts'
import { describeSpread, spreadOf, type Spread } from './support/spread.ts'
import { makeStore } from './support/store.ts'
import { formatTable } from './support/table.ts'
import { processorTime } from './support/usage.ts'

/** What does it matter how many sealed secrets there are: to the first read, a listing, a lookup, memory, a reload? */
export const scale: Question<Scale> = { name: 'scale', run, report, plot }

interface Scale {
  readonly rounds: number
  readonly sizes: readonly Size[]
  /** The first read of a name, and a read of one that the kernel knows, with the most secrets against the fewest. */
  readonly lookup: Spread
  readonly read: Spread
}

/** Milliseconds since the start of the process, and MiB. */
interface Size {
  readonly secrets: number
  readonly firstRead: Spread
  /** `ls` of all names, the first one. */
  readonly listing: number
  readonly allOpen: number
  readonly reload: number
  readonly resident: number
  /** The sealed files together. */
  readonly ciphertext: number
}

interface Served {
  readonly secrets: number
  readonly mountPoint: string
}

const VALUE_BYTES = 64
/** For the first read. */
const STARTS = 7
/** The server gives back what it needed to start ten seconds later. */
const SETTLED_MS = 12_000
const LIMIT = { timeout: 300_000, killSignal: 'SIGKILL' } as const
const execute = promisify(execFile)

async function run({ quick }: Effort, cleanup: Cleanup): Promise<Scale> {
  const counts = quick ? [10, 1000] : [10, 1000, 100_000]
  const rounds = quick ? 3 : 31
  const sizes: Size[] = []
  const served: Served[] = []
  for (const secrets of counts) {
    const folder = workFolder(cleanup)
    const mountPoint = join(folder, 'mnt')
    mkdirSync(mountPoint)
    sizes.push(await measureSize(secrets, folder, mountPoint, quick ? 1 : STARTS, cleanup))
    served.push({ secrets, mountPoint })
  }
  const least = served[0]
  const most = served.at(-1)
  if (least === undefined || most === undefined) throw new Error('nothing is served')
  const times = await interleave([least, most], rounds, (one) => measureNames(one, cleanup), cleanup)
  const of = (key: 'lookup' | 'read') => {
    const [few = [], many = []] = [least, most].map((one) => (times.get(one) ?? []).map((time) => time[key]))
    return spreadOf(ratios(many, few))
  }
  return { rounds, sizes, lookup: of('lookup'), read: of('read') }
}

async function measureSize(
  secrets: number,
  folder: string,
  mountPoint: string,
  starts: number,
  cleanup: Cleanup,
): Promise<Size> {
  const names = Array.from({ length: secrets }, (_, index) => nameOf(index))
  const config = await makeStore(folder, new Map(names.map((name) => [name, randomBytes(VALUE_BYTES)])))
  // The last one, which a server that opens one after the other has last.
  const opened = { config, mountPoint, last: nameOf(secrets - 1), bytes: VALUE_BYTES }
  const firstReads: number[] = []
  for (let round = 1; round < starts; round++) {
    const { server, firstRead } = await startReading(opened, cleanup)
    firstReads.push(firstRead)
    await stopServer(server, mountPoint)
  }
  const { server, start, firstRead } = await startReading(opened, cleanup)
  const listed = process.hrtime.bigint()
  await execute('ls', ['-f', mountPoint], { ...LIMIT, maxBuffer: 1 << 28 })
  const listing = Number(process.hrtime.bigint() - listed) / 1e6
  const pid = server.pid ?? 0
  await until(async () => (await statusOf(mountPoint, cleanup)).secrets.pending === 0, cleanup)
  const allOpen = Number(process.hrtime.bigint() - start) / 1e6
  await untilIdle(pid, cleanup)
  await setTimeout(SETTLED_MS, undefined, { signal: cleanup.signal })
  return {
    secrets,
    firstRead: spreadOf([...firstReads, firstRead]),
    listing,
    allOpen,
    resident: residentOf(pid),
    reload: await measureReload(pid, mountPoint, cleanup),
    ciphertext: sizeOf(join(folder, 'store')) / 2 ** 20,
  }
}

function nameOf(index: number): string {
  return `secret-${String(index).padStart(6, '0')}`
}

/** Milliseconds from the signal to the end of the reload. */
async function measureReload(pid: number, mountPoint: string, cleanup: Cleanup): Promise<number> {
  const start = process.hrtime.bigint()
  process.kill(pid, 'SIGHUP')
  await until(async () => (await statusOf(mountPoint, cleanup)).reloads.count > 0, cleanup)
  return Number(process.hrtime.bigint() - start) / 1e6
}

let next = 0

/** A name that nobody asked for yet costs a LOOKUP; then the same again. Microseconds. */
async function measureNames(
  { secrets, mountPoint }: Served,
  cleanup: Cleanup,
): Promise<{ lookup: number; read: number }> {
  // With few secrets, all were asked for before: the kernel is made to forget their names.
  await execute('sh', ['-c', 'echo 2 >/proc/sys/vm/drop_caches'])
  const file = join(mountPoint, nameOf(next++ % secrets))
  const { p50: lookup } = await measureReads({ file, size: VALUE_BYTES, count: 1, warmup: 0 }, cleanup)
  const { p50: read } = await measureReads({ file, size: VALUE_BYTES, count: 1000, warmup: 100 }, cleanup)
  return { lookup, read }
}

interface Status {
  readonly secrets: { readonly pending: number }
  readonly reloads: { readonly count: number }
}

async function statusOf(mountPoint: string, cleanup: Cleanup): Promise<Status> {
  const bytes = await readOnce(join(mountPoint, '.hushfs/status.json'), cleanup)
  return JSON.parse(new TextDecoder().decode(bytes)) as Status
}

async function until(done: () => Promise<boolean>, cleanup: Cleanup): Promise<void> {
  while (!(await done())) await setTimeout(20, undefined, { signal: cleanup.signal })
}

/** The unseal child has gone, and what it gave is taken up. */
async function untilIdle(pid: number, cleanup: Cleanup): Promise<void> {
  let before = -1
  const isIdle = () => {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
    const time = processorTime(pid)
    const same = time - before < 1000
    before = time
    return Promise.resolve(children === '' && same)
  }
  await until(isIdle, cleanup)
}

/** MiB. */
function residentOf(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  return Number(found) / 1024
}

function sizeOf(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

function report(result: Scale): string {
  const about =
    `From the start of \`hushfs mount\`, sealed secrets of ${VALUE_BYTES} bytes: the first read is that of the last secret, for which a reader waits from before the start, median and quartiles of ${STARTS} starts; the rest is of one run; ` +
    '`ls` comes right after that, while most are still being opened. Memory is VmRSS twelve seconds after all were opened.'
  const rows = result.sizes.map((size) => [
    size.secrets.toLocaleString('en'),
    describeSpread(size.firstRead, 0),
    ...[size.listing, size.allOpen, size.reload].map((time) => time.toFixed(0)),
    size.resident.toFixed(1),
    (80 + 2 * size.ciphertext).toFixed(1),
  ])
  const heading = [
    'secrets',
    'first read ms',
    'ls ms',
    'all opened ms',
    'reload ms',
    'memory MiB',
    '80 MiB + 2 × ciphertext',
  ]
  const [few, many] = [result.sizes[0]?.secrets ?? 0, result.sizes.at(-1)?.secrets ?? 0]
  const flat =
    `With ${many.toLocaleString('en')} secrets against ${few.toLocaleString('en')}, both served at the same time, ${result.rounds} interleaved rounds: ` +
    `the first read of a name, with its lookup, ${describeSpread(result.lookup, 2)} ×; a read of a name that the kernel knows ${describeSpread(result.read, 2)} ×.`
  return [about, formatTable([heading, ...rows]), flat].join('\n\n')
}

function plot(result: Scale, title: string): string {
  const panel = (name: string, of: (size: Size) => number) => ({
    title: name,
    bars: result.sizes.map((size) => ({
      label: `${size.secrets.toLocaleString('en')} secrets`,
      accent: true,
      value: of(size),
      whisker: of(size),
      note: `${of(size).toFixed(0)} ms`,
    })),
  })
  const panels = [
    panel('first read after the start', (size) => size.firstRead.median),
    panel('ls', (size) => size.listing),
  ]
  return plotBars({ heading: 'From nothing to the first secret', footing: title, panels })
}
