import { randomFillSync } from 'node:crypto'
import { closeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { LineRing } from '../audit/ring.ts'
import { exitStatus, InterruptedError, MountError, reasonOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { findHierarchy } from '../caller/hierarchy.ts'
import type { Config, SecretConfig } from '../config/config.ts'
import { KEY_BYTES } from '../crypto/sizes.ts'
import { notify } from '../fuse/channel.ts'
import { invalidateInode } from '../fuse/wire/encode.ts'
import type { InitFlag } from '../fuse/wire/kernel.ts'
import { forbidDumps } from '../sys/libc.ts'
import { packTable } from '../vfs/packed-table.ts'
import type { SecretTable } from '../vfs/table.ts'
import { loadAllowances } from './allowance-file.ts'
import type { Connection } from './connection.ts'
import { Loader } from './loader.ts'
import type { Outlet } from './outlet.ts'
import type { Prepared } from './prepared.ts'
import { statusFacts, type Running } from './status-facts.ts'
import { startWorker } from './start-worker.ts'
import { Tidying } from './tidying.ts'
import { KEYS_BYTES } from './unseal-protocol.ts'
import { WorkerClient } from './worker-client.ts'
import type { Counted, FromWorker, StatusFacts } from './worker-protocol.ts'

export interface ServerOptions {
  readonly config: Config
  /** The folder that is mounted, absolute. */
  readonly place: string
  readonly connection: Connection
  /** Reads the configuration again, for a reload; throws `ConfigError`. */
  readonly readConfig: () => Config
  readonly log: Log
  /** Is given the lines of the audit that wait, by `take`, when it has room for them. */
  readonly audit: { drain(take: () => Uint8Array): void }
  readonly trace: boolean
  /** Capabilities of the kernel to do without. */
  readonly without: readonly InitFlag[]
  /** Readers of a secret whose source isn't there yet wait for it. */
  readonly patient: boolean
  readonly follow: Follow
  /** Gives what was started ahead, once it is needed. */
  readonly prepared?: Prepared
}

/** What else follows from what the server does. */
export interface Follow {
  /** What the server before has served at this mount. */
  readonly known: SecretTable | undefined
  /** Values were replaced: whoever consumes them must know. */
  changed(secrets: readonly SecretConfig[]): void
  loaded(table: SecretTable): void
  retrying(): void
}

/** Room for some three thousand audit lines that the main thread hasn't written yet. */
const AUDIT_BYTES = 1 << 20
/** So many secrets are opened before the mount is called ready, if that takes no longer than this. Milliseconds. */
const FEW = 100
const PATIENCE = 2000
/** What a request may take beyond the longest wait for a value before the kernel ends the connection. Seconds. */
const BACKSTOP = 30

/**
 * The server's main thread: loads secrets through unseal children, hands them to the FUSE worker, tells the kernel what changed. It never
 * touches its own mount.
 */
export class Server {
  /** Resolves when the mount is gone or the server was stopped; rejects when the worker broke. */
  readonly ended: Promise<void>
  readonly #options: ServerOptions
  /** For values in memory: of this process only; for versions: of the connection. */
  readonly #keys: Uint8Array
  readonly #worker: WorkerClient
  readonly #loader: Loader
  readonly #audit = new LineRing(AUDIT_BYTES)
  readonly #takeAudit = () => this.#audit.take()
  readonly #running: Running
  readonly #tidying = new Tidying(() => this.#worker.order({ kind: 'tidy' }))
  #reloads: StatusFacts['reloads'] = { count: 0, last: null }
  #reloading: Promise<void> = Promise.resolve()
  #initialized: () => void = () => undefined
  #end: (error?: Error) => void = () => undefined
  #stopped = false
  #closed = false

  /** Starts the worker, which gets ready while `start` opens the secrets. */
  constructor(options: ServerOptions) {
    forbidDumps()
    const { connection, config, place, log, follow, patient } = options
    this.#options = options
    this.#running = { mountPoint: place, config: config.file, startedAt: new Date().toISOString() }
    this.ended = new Promise((resolve, reject) => {
      this.#end = (error) => (error === undefined ? resolve() : reject(error))
    })
    // `start` and the caller hear of it too; without either of them it must not end the process.
    this.ended.catch(() => undefined)
    this.#keys = randomFillSync(new Uint8Array(KEYS_BYTES))
    this.#keys.set(connection.state.versionKey, KEY_BYTES)
    this.#loader = new Loader(config, {
      keys: this.#keys,
      log,
      outlet: this.#outlet(),
      known: follow.known,
      patient,
    })
    this.#worker = this.#startWorker()
  }

  /**
   * Mount and open every secret; resolves when reads work. Those of a few secrets are opened by then, so that `secrets` tells what fails; those of
   * many are being opened, and whoever reads one waits for it. When it fails, nothing is left.
   */
  async start(): Promise<void> {
    const { connection, config, prepared, log } = this.#options
    try {
      this.#mustGoOn()
      connection.mount(config.directoryMode)
      const initialized = new Promise<void>((resolve) => (this.#initialized = resolve))
      const opened = this.#loader.open(prepared?.takeChild())
      this.#reloading = opened.catch((error: unknown) => {
        log.error(`the secrets can't be opened: ${reasonOf(error)}`)
      })
      await Promise.race([initialized, this.ended, opened.then(() => initialized)])
      this.#mustGoOn()
      if (config.secrets.length <= FEW)
        await Promise.race([opened, setTimeout(PATIENCE, undefined, { ref: false })])
    } catch (error) {
      this.stop()
      throw error
    }
    this.#mustGoOn()
  }

  get secrets(): StatusFacts['secrets'] {
    return this.#facts().secrets
  }

  /** Read configuration and sources again. On a bad configuration nothing changes. Reloads come one after the other. */
  reload(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload())
    return this.#reloading
  }

  /** Resolves when the worker has turned its loop. */
  probe(): Promise<Counted> {
    return this.#worker.order({ kind: 'probe' })
  }

  /** Detach the mount and end: readers get ENOTCONN at once. Before `start` is done, that fails with `InterruptedError`. */
  stop(): void {
    this.#stopped = true
    this.#options.connection.detach()
    void this.#worker.order({ kind: 'stop' })
  }

  async #reload(): Promise<void> {
    const { log } = this.#options
    const count = this.#reloads.count + 1
    const at = new Date().toISOString()
    try {
      await this.#loader.reload(this.#options.readConfig())
      this.#mustGoOn()
      this.#reloads = { count, last: { at, exitStatus: 0 } }
      const { total, failing } = this.secrets
      log.info(`reloaded: ${total} secrets (${failing} failing)`)
    } catch (error) {
      this.#reloads = { count, last: { at, exitStatus: exitStatus(error), reason: reasonOf(error) } }
      log.error(`reload failed, nothing changed: ${reasonOf(error)}`)
    }
    void this.#worker.order({ kind: 'facts', facts: this.#facts() })
  }

  #startWorker(): WorkerClient {
    const { connection, config, place, prepared, trace, without } = this.#options
    const hierarchy = findHierarchy()
    const start = {
      device: connection.device,
      memory: connection.memory.fd,
      memoryKey: this.#keys.slice(0, KEY_BYTES),
      trace,
      wishes: { requestTimeout: config.startTimeout + BACKSTOP, without },
      polling: config.polling,
      audit: this.#audit.memory,
      hierarchy,
      allowances: loadAllowances(place, 'unknown' in hierarchy ? undefined : hierarchy),
    }
    const worker = new WorkerClient(prepared?.takeWorker() ?? startWorker(), start, (message) => {
      this.#hear(message)
    })
    start.memoryKey.fill(0)
    return worker
  }

  #outlet(): Outlet {
    const { follow } = this.#options
    return {
      replace: (table) =>
        this.#worker.order({ kind: 'replace', table: packTable(table), facts: this.#facts() }),
      settle: (values) => this.#worker.order({ kind: 'settle', values, facts: this.#facts() }),
      notify: (messages) => {
        for (const message of messages) this.#notify(message)
      },
      changed: (secrets) => {
        follow.changed(secrets)
      },
      loaded: (table) => {
        void this.#worker.order({ kind: 'facts', facts: this.#facts() })
        follow.loaded(table)
        this.#tidying.loaded()
      },
      retrying: () => {
        follow.retrying()
      },
    }
  }

  #hear(message: Exclude<FromWorker, { kind: 'done' }>): void {
    const { audit, log } = this.#options
    if (message.kind === 'initialized') this.#initialized()
    if (message.kind === 'uncached') this.#notify(invalidateInode(message.node, 0n))
    if (message.kind === 'awaited') this.#loader.awaited(message.name)
    if (message.kind === 'audit' || message.kind === 'ended') audit.drain(this.#takeAudit)
    if (message.kind === 'unexpected') log.error(`${message.op}: ${message.reason}`)
    if (message.kind === 'fatal') this.#finish(new MountError(`the FUSE worker broke: ${message.reason}`))
    if (message.kind === 'ended') this.#finish()
  }

  #finish(error?: Error): void {
    this.#options.connection.detach()
    if (this.#closed) return
    this.#closed = true
    const left = this.#loader.stop()
    closeSync(this.#options.connection.device)
    // A server that broke is replaced at once; sessions with vaults then end by themselves.
    const waited = error === undefined ? left : Promise.resolve()
    void waited.finally(() => {
      this.#keys.fill(0)
      this.#end(error)
    })
  }

  #mustGoOn(): void {
    if (this.#stopped) throw new InterruptedError()
  }

  /** What the kernel won't be told, it finds out when its cache expires. */
  #notify(message: Uint8Array): void {
    if (this.#closed) return
    try {
      notify(this.#options.connection.device, message)
    } catch (error) {
      this.#options.log.error(`the kernel can't be told of a change: ${reasonOf(error)}`)
    }
  }

  #facts(): StatusFacts {
    const { entries, troubles } = this.#loader.states
    return statusFacts(this.#running, entries, this.#reloads, troubles)
  }
}
