import { MountError, reasonOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Config } from '../config/config.ts'
import type { InitFlag } from '../fuse/wire/kernel.ts'
import { exitNow } from '../sys/libc.ts'
import { listenFds } from '../sys/listen-fds.ts'
import { AuditOutput } from './audit-output.ts'
import { inheritedConnection, type Connection } from './connection.ts'
import { FUSE, MEMORY } from './descriptors.ts'
import { Heartbeat } from './heartbeat.ts'
import { hasLateFile, identityFiles, rotatingFile } from './identity-files.ts'
import { canonical } from './mount-point.ts'
import { prepared } from './prepared.ts'
import { Server, type Follow } from './server.ts'
import { reportChanges, savedTable, saveTable } from './state-folder.ts'
import { statusLine } from './status-line.ts'
import { SystemdNotifier } from './systemd-notifier.ts'
import { onUnforeseen } from './unforeseen.ts'
import { filesOfVault, withVaultFiles } from './vault-files.ts'

export interface ServeOptions {
  readonly readConfig: () => Config
  readonly log: Log
  readonly trace: boolean
  readonly without: readonly InitFlag[]
}

/** EX_TEMPFAIL of sysexits(3): start the service again, with all that systemd prepares for it. */
const START_AGAIN = 75
const LAST_WAIT_MILLISECONDS = 1000

/** The service's server: on the descriptor that systemd keeps, without any privilege. Resolves to the exit status. */
export async function serveInherited({ readConfig, log, trace, without }: ServeOptions): Promise<number> {
  const systemd = new SystemdNotifier()
  const read = () => withCredentials(readConfig())
  const config = read()
  const place = canonical(config.mountPoint)
  const connection = connectionOf(listenFds(), log)
  let exit = 0
  const startAgain = () => {
    exit = START_AGAIN
    server.stop()
  }
  const follow = followService(place, connection, () => privateFiles(readConfig()), startAgain, log)
  const server = new Server({
    ...{ config, place, connection, readConfig: read, log, trace, without, follow, prepared },
    audit: new AuditOutput(),
    patient: true,
  })
  new Heartbeat(server, systemd, log)
  obey(server, systemd, log)
  try {
    await server.start()
    systemd.ready(statusLine(server.secrets))
    log.info(`ready: ${statusLine(server.secrets)} at ${place}`)
    onUnforeseen(log, crash)
    await server.ended.catch((error: unknown) => {
      log.error(`can't go on: ${reasonOf(error)}`)
      crash()
    })
  } finally {
    // A thread that sleeps in the kernel keeps Node alive for ever; this timer fires only if one does.
    setTimeout(() => exitNow(Number(process.exitCode ?? 1)), LAST_WAIT_MILLISECONDS).unref()
  }
  return exit
}

function withCredentials(config: Config): Config {
  return {
    ...config,
    identities: identityFiles(config.identities),
    vaults: config.vaults.map((vault) => withVaultFiles(vault, rotatingFile)),
  }
}

/** What systemd reads for the service. */
function privateFiles({ identities, vaults }: Config): string[] {
  return [...identities, ...vaults.flatMap(filesOfVault)]
}

function connectionOf(fds: ReadonlyMap<string, number>, log: Log): Connection {
  const device = fds.get(FUSE)
  const memory = fds.get(MEMORY)
  if (device !== undefined && memory !== undefined) return inheritedConnection(device, memory, log)
  throw new MountError('serve is a step of the systemd service, after attach: it was given no descriptor', {
    hint: 'hushfs mount',
  })
}

function followService(
  place: string,
  { state }: Connection,
  files: () => readonly string[],
  startAgain: () => void,
  log: Log,
): Follow {
  /** What can't be written down is lost with this server, no more. */
  const attempt = (what: string, write: () => void) => {
    try {
      write()
    } catch (error) {
      log.error(`${what}: ${reasonOf(error)}`)
    }
  }
  return {
    known: state.journal.negotiated === undefined ? undefined : savedTable(place),
    changed: (secrets) => {
      const names = secrets
        .filter(({ terms }) => terms.restartUnits.length + terms.reloadUnits.length > 0)
        .map(({ name }) => name)
      if (names.length > 0) attempt("units can't be told of changed secrets", () => reportChanges(names))
    },
    loaded: (table) => {
      attempt("what is served can't be kept for the next server", () => saveTable(place, table))
    },
    retrying: () => {
      if (!hasLateFile(files())) return
      log.notice('a private file is there now that was missing: starting again with it')
      startAgain()
    },
  }
}

/**
 * Once it serves, what ends the server unforeseen is a signal, after which the supervisor starts another one at once. After an exit PID 1 would do that, but not while it
 * waits for a reload, which waits for the server.
 */
function crash(): void {
  process.kill(process.pid, 'SIGKILL')
}

/** Signals go to the server as long as the process lives: a second one must not cut the end short. */
function obey(server: Server, systemd: SystemdNotifier, log: Log): void {
  const tell = (say: () => void) => {
    try {
      say()
    } catch (error) {
      log.warning(`systemd can't be told: ${reasonOf(error)}`)
    }
  }
  const end = () => {
    tell(() => systemd.stopping())
    server.stop()
  }
  process.on('SIGINT', end).on('SIGTERM', end)
  // What stopped this process may have stopped its supervisor too.
  process.on('SIGCONT', () => process.kill(process.ppid, 'SIGCONT'))
  process.on('SIGHUP', () => {
    tell(() => systemd.reloading())
    void server.reload().then(() => {
      tell(() => systemd.ready(statusLine(server.secrets)))
    })
  })
}
