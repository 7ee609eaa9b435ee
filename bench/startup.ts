import { execFile, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Cleanup } from './support/cleanup.ts'
import { paths } from './support/paths.ts'
import type { Effort, Question } from './support/question.ts'
import { spawnServer, stopServer } from './support/server.ts'
import { describeSpread, spreadOf, type Spread } from './support/spread.ts'
import { makeStore } from './support/store.ts'
import { formatTable } from './support/table.ts'

/** How long from `hushfs mount` to the first read with 1,000 sealed secrets, and how much memory does it take then? */
export const startup: Question<Startup> = { name: 'startup', run, report }

interface Startup {
  readonly secrets: number
  readonly runs: number
  /** Milliseconds since the start of the process: the `ready:` line, and the ends of reads of the first and of the last secret by other processes. */
  readonly ready: Spread
  readonly firstRead: Spread
  readonly lastRead: Spread
  /** MiB of the server's processes some seconds after every secret was opened and the unseal child has gone: VmRSS, and Pss, which counts shared pages in part (proc(5)). */
  readonly resident: Spread
  readonly proportional: Spread
}

type Sample = Record<'ready' | 'firstRead' | 'lastRead' | 'resident' | 'proportional', number>

const SECRETS = 1000
const VALUE_BYTES = 64
const GOAL_MS = 250
/** The server gives back what it needed to start ten seconds later. */
const SETTLED_MS = 12_000
const GOAL_MIB = 90
const execute = promisify(execFile)

async function run({ quick }: Effort, cleanup: Cleanup): Promise<Startup> {
  const folder = mkdtempSync(join(tmpdir(), 'hushfs-bench-'))
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }))
  const names = Array.from({ length: SECRETS }, (_, index) => `secret-${String(index).padStart(4, '0')}`)
  const config = await makeStore(folder, new Map(names.map((name) => [name, randomBytes(VALUE_BYTES)])))
  const mountPoint = join(folder, 'mnt')
  mkdirSync(mountPoint)
  const files = [names.at(0), names.at(-1)].map((name) => join(mountPoint, name ?? ''))
  const runs = quick ? 1 : 15
  const samples: Sample[] = []
  // The first run reads the program and the store into the page cache.
  for (let index = -1; index < runs; index++) {
    const sample = await measureStart(config, mountPoint, files, cleanup)
    if (index >= 0) samples.push(sample)
  }
  const of = (key: keyof Sample) => spreadOf(samples.map((sample) => sample[key]))
  return {
    secrets: SECRETS,
    runs,
    ready: of('ready'),
    firstRead: of('firstRead'),
    lastRead: of('lastRead'),
    resident: of('resident'),
    proportional: of('proportional'),
  }
}

async function measureStart(
  config: string,
  mountPoint: string,
  files: readonly string[],
  cleanup: Cleanup,
): Promise<Sample> {
  const options = { signal: cleanup.signal, timeout: 30_000, killSignal: 'SIGKILL' } as const
  const readers = files.map((file) => execute(paths.firstRead, [file, String(VALUE_BYTES)], options))
  // A server that fails is the error to tell; the readers then end at their deadline.
  for (const reader of readers) reader.catch(() => undefined)
  const start = process.hrtime.bigint()
  const server = spawnServer(
    { command: [process.execPath, paths.hushfs, 'mount', '--config', config, mountPoint], mountPoint },
    cleanup,
  )
  try {
    const ready = await waitForReady(server)
    const [first = 0n, last = 0n] = (await Promise.all(readers)).map(({ stdout }) => BigInt(stdout.trim()))
    while (childrenOf(server.pid).length > 0) await setTimeout(5)
    await setTimeout(SETTLED_MS)
    const since = (time: bigint) => Number(time - start) / 1e6
    return { ready: since(ready), firstRead: since(first), lastRead: since(last), ...memoryOf(server.pid) }
  } finally {
    for (const reader of readers) reader.child.kill('SIGKILL')
    await stopServer(server, mountPoint)
  }
}

/** The time at which the server said that it's ready, on the clock of `process.hrtime`. */
function waitForReady(server: ChildProcess): Promise<bigint> {
  let said = ''
  return new Promise((resolve, reject) => {
    server.once('exit', () => reject(new Error(`hushfs mount ended before it was ready: ${said}`)))
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const now = process.hrtime.bigint()
      said += text
      if (/^(?:hushfs: )?ready: /m.test(said)) resolve(now)
    })
  })
}

function childrenOf(pid: number | undefined): string[] {
  return readFileSync(`/proc/${pid ?? ''}/task/${pid ?? ''}/children`, 'latin1')
    .split(' ')
    .filter(Boolean)
}

/** MiB of the server, which has no child any more. */
function memoryOf(pid: number | undefined): Pick<Sample, 'resident' | 'proportional'> {
  if (pid === undefined) throw new Error('the server was not started')
  return {
    resident: kibibytes(`/proc/${pid}/status`, /^VmRSS:\s+(\d+) kB$/m) / 1024,
    proportional: kibibytes(`/proc/${pid}/smaps_rollup`, /^Pss:\s+(\d+) kB$/m) / 1024,
  }
}

function kibibytes(file: string, pattern: RegExp): number {
  const found = pattern.exec(readFileSync(file, 'latin1'))?.[1]
  if (found === undefined) throw new Error(`${file}: ${pattern.source} is not there`)
  return Number(found)
}

function report(result: Startup): string {
  const rows = [
    ['measure', 'of the goal', 'median (quartiles)', 'goal'],
    time('`ready:` line', result.ready),
    time('first read by another process', result.firstRead),
    ['the last secret is read', '', `${describeSpread(result.lastRead, 0)} ms`, ''],
    size('resident memory (VmRSS)', result.resident),
    ['proportional memory (Pss)', '', `${describeSpread(result.proportional, 1)} MiB`, ''],
  ]
  const about =
    `From the start of \`hushfs mount\` with ${result.secrets} sealed secrets of ${VALUE_BYTES} bytes, ${result.runs} runs ` +
    'with a warm page cache. Readers poll for the first and for the last secret from before the start; memory is taken twelve seconds after that.'
  return `${about}\n\n${formatTable(rows)}`
}

function time(label: string, spread: Spread): string[] {
  return [label, (spread.median / GOAL_MS).toFixed(2), `${describeSpread(spread, 0)} ms`, `${GOAL_MS} ms`]
}

function size(label: string, spread: Spread): string[] {
  return [label, (spread.median / GOAL_MIB).toFixed(2), `${describeSpread(spread, 1)} MiB`, `${GOAL_MIB} MiB`]
}
