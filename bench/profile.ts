import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { measureReads } from './support/client.ts'
import { withCleanup, type Cleanup } from './support/cleanup.ts'
import { lastProcessor } from './support/machine.ts'
import { paths } from './support/paths.ts'
import { serveAll } from './support/served.ts'
import { hushfs } from './support/subjects.ts'
import { formatTable } from './support/table.ts'

/** What V8 writes with --cpu-prof: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

const READS = 100_000
const SHOWN = 30
const INTERVAL_US = 100
const value = new TextEncoder().encode('0123456789abcdef'.repeat(4))

/** Where the thread that serves spends its time while one client reads on the same processor: a table of its functions. The whole profile stays in .cache/bench/profiles. */
export async function profile(outer: Cleanup): Promise<string> {
  rmSync(paths.profiles, { recursive: true, force: true })
  mkdirSync(paths.profiles, { recursive: true })
  const flags = ['--cpu-prof', `--cpu-prof-dir=${paths.profiles}`, `--cpu-prof-interval=${INTERVAL_US}`]
  const subject = hushfs('hushfs', 'hushfs', { flags })
  const processor = lastProcessor()
  await withCleanup(async (own) => {
    const cleanup = { ...own, signal: AbortSignal.any([own.signal, outer.signal]) }
    const [served] = await serveAll([subject], value, processor, cleanup)
    if (served === undefined) throw new Error('nothing is served')
    await measureReads({ file: served.file, size: value.length, count: READS, warmup: 0, processor }, cleanup)
  })
  return tableOf(profileOfWorker())
}

/** Each thread has written one when it ended. */
function profileOfWorker(): CpuProfile {
  const profiles = readdirSync(paths.profiles).map(
    (name) => JSON.parse(readFileSync(join(paths.profiles, name), 'utf8')) as CpuProfile,
  )
  const found = profiles.find(({ nodes }) =>
    nodes.some(({ callFrame }) => callFrame.functionName === '#serve'),
  )
  if (found === undefined) throw new Error(`no profile in ${paths.profiles} is of the thread that serves`)
  return found
}

function tableOf({ nodes, samples, timeDeltas }: CpuProfile): string {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, lineNumber } }) => [
      id,
      `${functionName || '(anonymous)'}:${lineNumber + 1}`,
    ]),
  )
  const times = new Map<string, number>()
  for (const [index, sample] of samples.entries()) {
    const name = names.get(sample) ?? ''
    if (!name.startsWith('(idle)')) times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0))
  }
  const all = [...times.values()].reduce((sum, time) => sum + time, 0)
  const rows = [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([name, time]) => [name, `${((100 * time) / all).toFixed(1)} %`, (time / READS).toFixed(2)])
  return formatTable([['function', 'of its time', 'µs per read'], ...rows])
}
