import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { mountAt } from '../src/sys/mountinfo.ts'
import { Proxy } from '../test/support/bao/proxy.ts'
import { Bao } from '../test/support/bao/server.ts'
import type { Cleanup } from './support/cleanup.ts'
import { paths } from './support/paths.ts'
import type { Effort, Question } from './support/question.ts'
import { spawnServer, stopServer } from './support/server.ts'
import { describeSpread, spreadOf, type Spread } from './support/spread.ts'
import { formatTable } from './support/table.ts'

/** How long from `hushfs mount` until 200 secrets of a vault are there that takes 50 ms for each answer? */
export const vault: Question<Fetched> = { name: 'vault', run, report }

interface Fetched {
  readonly secrets: number
  readonly runs: number
  readonly latencyMs: number
  /** Requests of one start. */
  readonly requests: number
  /** Milliseconds since the start of the process. */
  readonly resident: Spread
}

const SECRETS = 200
const LATENCY_MS = 50
const GOAL_MS = 2000
const POLL_MS = 10

async function run({ quick }: Effort, cleanup: Cleanup): Promise<Fetched> {
  const folder = mkdtempSync(join(tmpdir(), 'hushfs-bench-'))
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }))
  const bao = await Bao.start({ folder: join(folder, 'bao') })
  cleanup.defer(() => bao.stop())
  const proxy = await Proxy.start(bao.address)
  cleanup.defer(() => proxy.stop())
  const config = join(folder, 'hushfs.yaml')
  const mountPoint = join(folder, 'mnt')
  mkdirSync(mountPoint)
  writeFileSync(config, JSON.stringify(await configured(bao, proxy, folder)))
  const runs = quick ? 1 : 15
  const samples: number[] = []
  proxy.latency = LATENCY_MS
  // The first run reads the program into the page cache.
  for (let index = -1; index < runs; index++) {
    proxy.asked.length = 0
    const sample = await measure(config, mountPoint, cleanup)
    if (index >= 0) samples.push(sample)
  }
  const requests = proxy.count(/^GET/)
  return { secrets: SECRETS, runs, latencyMs: LATENCY_MS, requests, resident: spreadOf(samples) }
}

async function configured(bao: Bao, proxy: Proxy, folder: string): Promise<object> {
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, bao.token)
  const names = Array.from({ length: SECRETS }, (_, index) => `bench/${index}`)
  for (const name of names) await bao.put(`secret/${name}`, { password: `the value of ${name}` })
  const source = (name: string) => ({ vault: { path: `secret/${name}`, field: 'password' } })
  return {
    vaults: { main: { address: proxy.address, auth: { tokenFile } } },
    secrets: Object.fromEntries(names.map((name) => [name, { source: source(name) }])),
  }
}

/** From the start until no secret is pending any more, by the server's own status. */
async function measure(config: string, mountPoint: string, cleanup: Cleanup): Promise<number> {
  const start = performance.now()
  const server = spawnServer(
    { command: [process.execPath, paths.hushfs, 'mount', '--config', config, mountPoint], mountPoint },
    cleanup,
  )
  try {
    for (;;) {
      await setTimeout(POLL_MS, undefined, { signal: cleanup.signal })
      if (mountAt(mountPoint) === undefined) continue
      const text = await readFile(join(mountPoint, '.hushfs/status.json'), 'utf8')
      const { secrets } = JSON.parse(text) as { secrets: Record<'total' | 'failing' | 'pending', number> }
      if (secrets.failing > 0) throw new Error(`secrets fail: ${text}`)
      if (secrets.total === SECRETS && secrets.pending === 0) return performance.now() - start
    }
  } finally {
    await stopServer(server, mountPoint)
  }
}

function report({ secrets, runs, latencyMs, requests, resident }: Fetched): string {
  const about =
    `From the start of \`hushfs mount\` with ${secrets} secrets of OpenBao, each of a path of its own, through a proxy that waits ${latencyMs} ms before each answer, ` +
    `until every value is in the server; ${runs} runs with a warm page cache, ${requests} requests each.`
  const rows = [
    ['measure', 'of the goal', 'median (quartiles)', 'goal'],
    [
      'every secret is there',
      (resident.median / GOAL_MS).toFixed(2),
      `${describeSpread(resident, 0)} ms`,
      `${GOAL_MS} ms`,
    ],
  ]
  return `${about}\n\n${formatTable(rows)}`
}
