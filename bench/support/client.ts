import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Cleanup } from './cleanup.ts'
import { paths } from './paths.ts'
import { pinned } from './server.ts'

const run = promisify(execFile)

/** Of one run of the client, in microseconds. */
export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

export interface Reads {
  readonly file: string
  /** What the file holds, in bytes. */
  readonly size: number
  readonly count: number
  readonly warmup: number
  readonly processor?: number
}

const CLIENT_DEADLINE_MS = 60_000

/** Opens, reads to the end and closes `count` times. Throws when the file can't be read or has another size. */
export async function measureReads(reads: Reads, cleanup: Cleanup): Promise<Percentiles> {
  const { file, size, count, warmup } = reads
  const [program, ...args] = pinned(
    [paths.client, file, String(size), String(count), String(warmup)],
    reads.processor,
  )
  const { stdout } = await run(program, args, waiting(cleanup))
  const { p50, p90, p99 } = JSON.parse(stdout) as Percentiles
  return { p50, p90, p99 }
}

/** What another process reads there. */
export async function readOnce(file: string, cleanup: Cleanup): Promise<Uint8Array> {
  const { stdout } = await run('cat', ['--', file], { ...waiting(cleanup), encoding: 'buffer' })
  return stdout
}

function waiting(cleanup: Cleanup) {
  return { signal: cleanup.signal, timeout: CLIENT_DEADLINE_MS, killSignal: 'SIGKILL' } as const
}
