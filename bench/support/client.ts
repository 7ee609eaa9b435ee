import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Cleanup } from './cleanup.ts'
import { paths } from './paths.ts'
import { pinned } from './server.ts'
import { inCgroup } from './unit.ts'

const run = promisify(execFile)

/** Of one run of the client, in microseconds. */
export interface Percentiles {
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

export interface Reads {
  readonly file: string
  /** What the file holds, in bytes; or opening it must fail with EACCES. */
  readonly size: number | 'denied'
  readonly count: number
  readonly warmup: number
  readonly processor?: number
  /** Before each read, in microseconds. */
  readonly pause?: number
  /** Folder of the cgroup that the client is in; the caller's own when left out. */
  readonly cgroup?: string
}

const CLIENT_DEADLINE_MS = 60_000

/** Opens, reads to the end and closes `count` times. Throws when the file can't be read or has another size. */
export async function measureReads(reads: Reads, cleanup: Cleanup): Promise<Percentiles> {
  const { file, size, count, warmup } = reads
  const numbers = [count, warmup, reads.pause ?? 0].map(String)
  const client = [paths.client, file, String(size), ...numbers] as const
  const [program, ...args] = inCgroup(pinned(client, reads.processor), reads.cgroup)
  const { stdout } = await run(program, args, waiting(cleanup))
  const { mean, p50, p90, p99 } = JSON.parse(stdout) as Percentiles
  return { mean, p50, p90, p99 }
}

/** What another process, in the given cgroup, reads there. Throws what it says when it can't. */
export async function readOnce(file: string, cleanup: Cleanup, cgroup?: string): Promise<Uint8Array> {
  const [program, ...args] = inCgroup(['cat', '--', file], cgroup)
  const { stdout } = await run(program, args, { ...waiting(cleanup), encoding: 'buffer' })
  return stdout
}

function waiting(cleanup: Cleanup) {
  return { signal: cleanup.signal, timeout: CLIENT_DEADLINE_MS, killSignal: 'SIGKILL' } as const
}
