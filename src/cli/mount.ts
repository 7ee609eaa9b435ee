import { writeSync } from 'node:fs'
import { createLog } from '../base/log.ts'
import { loadConfig } from '../config/load.ts'
import { AuditOutput } from '../daemon/audit-output.ts'
import { freeMountPoint } from '../daemon/mount-point.ts'
import { takePrepared } from '../daemon/prepared.ts'
import { Server } from '../daemon/server.ts'
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
  handler: (args) => serve(args.config, args.mountpoint, args.trace),
}

/** Mount and serve until the mount is gone. */
export async function serve(
  configFile: string,
  mountPoint: string | undefined,
  trace: boolean,
): Promise<void> {
  const log = createLog()
  const config = loadConfig(configFile)
  const place = await freeMountPoint(mountPoint ?? config.mountPoint)
  const readConfig = () => loadConfig(configFile)
  // A person at a terminal reads `hushfs audit`; the journal gets each record.
  const audit = process.stdout.isTTY ? { drain: (take: () => Uint8Array) => void take() } : new AuditOutput()
  const server = new Server({ audit, config, place, readConfig, log, trace, takePrepared })
  const release = onSignals(server)
  try {
    await server.start()
    writeSync(2, `ready: ${describe(server.secrets)} at ${place}\n`)
    await server.ended
  } finally {
    release()
    // A thread that sleeps in the kernel keeps Node alive for ever; this timer fires only if one does.
    setTimeout(() => exitNow(Number(process.exitCode ?? 1)), LAST_WAIT_MILLISECONDS).unref()
  }
}

function describe({ total, failing, pending }: Server['secrets']): string {
  return `${total} secrets (${failing} failing${pending > 0 ? `, ${pending} being opened` : ''})`
}

const LAST_WAIT_MILLISECONDS = 1000

/** Until the returned function is called, signals go to the server. */
function onSignals(server: Server): () => void {
  const stop = () => {
    server.stop()
  }
  const reload = () => void server.reload()
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', reload)
  return () => {
    process.off('SIGINT', stop).off('SIGTERM', stop).off('SIGHUP', reload)
  }
}
