import { execFile, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { readOnce } from './client.ts'
import type { Cleanup } from './cleanup.ts'
import { paths } from './paths.ts'
import { startServer, stopServer } from './server.ts'

/** Milliseconds from the start of `hushfs mount`. */
export interface Opening {
  /** A reader that waits from before the start has read the last secret. */
  readonly firstRead: number
  /** No secret is pending. */
  readonly allOpen: number
}

export interface Opened {
  readonly config: string
  readonly mountPoint: string
  /** Name and size of the last secret of the configuration. */
  readonly last: string
  readonly bytes: number
}

const LIMIT = { timeout: 300_000, killSignal: 'SIGKILL' } as const
const execute = promisify(execFile)

/** A server whose last secret a reader has read that waited for it from before the start. */
export interface Started {
  readonly server: ChildProcess
  /** Of the server, on the clock of `process.hrtime`. */
  readonly start: bigint
  /** Milliseconds from there to the end of the read. */
  readonly firstRead: number
}

/** Start a server; whoever asks stops it. */
export async function startReading(
  { config, mountPoint, last, bytes }: Opened,
  cleanup: Cleanup,
): Promise<Started> {
  const reader = execute(paths.firstRead, [join(mountPoint, last), String(bytes)], LIMIT)
  const start = process.hrtime.bigint()
  const command = [process.execPath, paths.hushfs, 'mount', '--config', config, mountPoint] as const
  const server = await startServer({ command: [...command], mountPoint }, cleanup)
  const { stdout } = await reader
  return { server, start, firstRead: Number(BigInt(stdout.trim()) - start) / 1e6 }
}

/** Start a server and wait until all is open; throws when a secret isn't. */
export async function measureOpening(opened: Opened, cleanup: Cleanup): Promise<Opening> {
  const { mountPoint } = opened
  const { server, start, firstRead } = await startReading(opened, cleanup)
  try {
    while (await isPending(mountPoint, cleanup)) await setTimeout(50, undefined, { signal: cleanup.signal })
    return { firstRead, allOpen: Number(process.hrtime.bigint() - start) / 1e6 }
  } finally {
    await stopServer(server, mountPoint)
  }
}

async function isPending(mountPoint: string, cleanup: Cleanup): Promise<boolean> {
  const text = new TextDecoder().decode(await readOnce(join(mountPoint, '.hushfs/status.json'), cleanup))
  const { secrets } = JSON.parse(text) as { secrets: { pending: number; failing: number } }
  if (secrets.failing > 0) throw new Error(`hushfs could not open ${secrets.failing} secrets`)
  return secrets.pending > 0
}
