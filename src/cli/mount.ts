import { writeSync } from 'node:fs'
import { createLog } from '../base/log.ts'
import { loadConfig } from '../config/load.ts'
import { AuditOutput } from '../daemon/audit-output.ts'
import { ownConnection } from '../daemon/connection.ts'
import { followForeground } from '../daemon/follow-foreground.ts'
import { freeMountPoint } from '../daemon/mount-point.ts'
import { prepared } from '../daemon/prepared.ts'
import { Server } from '../daemon/server.ts'
import { onUnforeseen } from '../daemon/unforeseen.ts'
import { exitNow } from '../sys/libc.ts'
import type { Command, GlobalOptions } from './command.ts'

interface MountOptions extends GlobalOptions {
  mountpoint: string | undefined
  trace: boolean
}

export const command: Command<MountOptions> = {
  builder: (yargs) =>
    yargs
      .positional('mountpoint', {
        type: 'string',
        describe: 'Folder to mount on, instead of the configured one',
      })
      .option('trace', {
        type: 'boolean',
        default: false,
        describe: 'Show every FUSE operation on standard error: names and sizes, never content',
      })
      .example('$0 mount', 'serve /etc/hushfs/hushfs.yaml at its mount point, in the foreground')
      .example('$0 mount --config ./hushfs.yaml /mnt/secrets', 'serve another configuration elsewhere')
      .epilogue(
        'SIGHUP reads the configuration and every source again; Ctrl-C or SIGTERM unmounts. Once reads work, standard error says "ready: N secrets (N failing) at MOUNTPOINT". Of more than 100 secrets it says so while they are still being opened; whoever reads one waits for it.',
      ),
  handler: (args) => serve({ configFile: args.config, mountPoint: args.mountpoint, trace: args.trace }),
}

export interface ServeOptions {
  readonly configFile: string
  /** Instead of the configured one. */
  readonly mountPoint?: string | undefined
  readonly trace: boolean
  /** Reads work. */
  readonly onReady?: () => void
  /** Unmounts and ends, as SIGTERM does. */
  readonly stop?: AbortSignal
}

/** Mount and serve until the mount is gone. */
export async function serve({ configFile, mountPoint, trace, onReady, stop }: ServeOptions): Promise<void> {
  const log = createLog()
  const config = loadConfig(configFile)
  const place = await freeMountPoint(mountPoint ?? config.mountPoint)
  const readConfig = () => loadConfig(configFile)
  // A person at a terminal reads `hushfs audit`; the journal gets each record.
  const audit = process.stdout.isTTY ? { drain: (take: () => Uint8Array) => void take() } : new AuditOutput()
  const connection = ownConnection(place)
  const server = new Server({
    audit,
    config,
    place,
    connection,
    readConfig,
    log,
    trace,
    without: [],
    patient: false,
    follow: followForeground(log),
    prepared,
  })
  obey(server, stop)
  onUnforeseen(log, () => {
    connection.detach()
    exitNow(1)
  })
  try {
    await server.start()
    writeSync(2, `ready: ${describe(server.secrets)} at ${place}\n`)
    onReady?.()
    await server.ended
  } finally {
    // A thread that sleeps in the kernel keeps Node alive for ever; this timer fires only if one does.
    setTimeout(() => exitNow(Number(process.exitCode ?? 1)), LAST_WAIT_MILLISECONDS).unref()
  }
}

/** Signals go to the server as long as the process lives: a second one must not cut the end short. */
function obey(server: Server, stop: AbortSignal | undefined): void {
  const end = () => {
    server.stop()
  }
  process.on('SIGINT', end).on('SIGTERM', end)
  process.on('SIGHUP', () => void server.reload())
  if (stop?.aborted) end()
  stop?.addEventListener('abort', end)
}

function describe({ total, failing, pending }: Server['secrets']): string {
  return `${total} secrets (${failing} failing${pending > 0 ? `, ${pending} being opened` : ''})`
}

const LAST_WAIT_MILLISECONDS = 1000
