import { randomFillSync } from 'node:crypto'
import { closeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { LineRing } from '../audit/ring.ts'
import { exitStatus, InterruptedError, MountError, reasonOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { findHierarchy } from '../caller/hierarchy.ts'
import type { Config } from '../config/config.ts'
import { KEY_BYTES } from '../crypto/sizes.ts'
import { notify } from '../fuse/channel.ts'
import { invalidateInode } from '../fuse/wire/encode.ts'
import { loadAccounts } from '../sys/accounts.ts'
import { forbidDumps } from '../sys/libc.ts'
import type { IndexedValue, SecretTable } from '../vfs/table.ts'
import { loadAllowances } from './allowance-file.ts'
import { loadTable, settle } from './load-table.ts'
import { detachMount, mountDevice, openDevice } from './mounting.ts'
import type { Prepared } from './prepared.ts'
import { statusFacts, type Running } from './status-facts.ts'
import { notificationsFor } from './table-diff.ts'
import { startWorker } from './start-worker.ts'
import { unseal } from './unseal-client.ts'
import { KEYS_BYTES, type Job } from './unseal-protocol.ts'
import { WorkerClient } from './worker-client.ts'
import type { FromWorker, StatusFacts } from './worker-protocol.ts'

export interface ServerOptions {
  readonly config: Config
  /** Absolute, free (mount-point.ts). */
  readonly place: string
  /** Reads the configuration again, for a reload; throws `ConfigError`. */
  readonly readConfig: () => Config
  readonly log: Log
  /** Is given the lines of the audit that wait, by `take`, when it has room for them. */
  readonly audit: { drain(take: () => Uint8Array): void }
  readonly trace: boolean
  /** Gives what was started ahead, once it is needed. */
  readonly prepared?: Prepared
}

/** Room for some three thousand audit lines that the main thread hasn't written yet. */
const AUDIT_BYTES = 1 << 20

/** So many secrets are opened before the mount is called ready, if that takes no longer than this. Milliseconds. */
const FEW = 100
const PATIENCE = 2000

type Waiting = { kind: FromWorker['kind']; done: () => void }

/**
 * The server's main thread: loads tables through unseal children, hands them to the FUSE worker, tells the kernel what changed. It never
 * touches its own mount.
 */
export class Server {
  /** Resolves when the mount is gone or the server was stopped; rejects when the worker broke. */
  readonly ended: Promise<void>
  readonly #options: ServerOptions
  /** For values in memory, and for versions: of this process only. */
  readonly #keys = randomFillSync(new Uint8Array(KEYS_BYTES))
  readonly #device: number
  readonly #worker: WorkerClient
  readonly #audit = new LineRing(AUDIT_BYTES)
  readonly #takeAudit = () => this.#audit.take()
  readonly #running: Running
  #table: SecretTable | undefined
  #reloads: StatusFacts['reloads'] = { count: 0, last: null }
  #reloading: Promise<void> = Promise.resolve()
  #waiting: Waiting[] = []
  #end: (error?: Error) => void = () => undefined
  readonly #ending = new AbortController()
  #mounted = false
  #stopped = false
  #closed = false

  /** Opens the device and starts the worker, which gets ready while `start` opens the secrets. */
  constructor(options: ServerOptions) {
    forbidDumps()
    this.#options = options
    this.#device = openDevice()
    this.#running = {
      mountPoint: options.place,
      config: options.config.file,
      startedAt: new Date().toISOString(),
    }
    this.ended = new Promise((resolve, reject) => {
      this.#end = (error) => (error === undefined ? resolve() : reject(error))
    })
    // `start` and the caller hear of it too; without either of them it must not end the process.
    this.ended.catch(() => undefined)
    const hierarchy = findHierarchy()
    const start = {
      device: this.#device,
      memoryKey: this.#keys.slice(0, KEY_BYTES),
      trace: options.trace,
      audit: this.#audit.memory,
      hierarchy,
      allowances: loadAllowances(options.place, 'unknown' in hierarchy ? undefined : hierarchy),
    }
    const worker = options.prepared?.takeWorker() ?? startWorker()
    this.#worker = new WorkerClient(worker, start, (message) => {
      this.#hear(message)
    })
    start.memoryKey.fill(0)
  }

  /**
   * Mount and open every secret; resolves when reads work. Those of a few secrets are opened by then, so that `secrets` tells what fails; those of
   * many are being opened, and whoever reads one waits for it. When it fails, nothing is left.
   */
  async start(): Promise<void> {
    const { place, config } = this.#options
    try {
      this.#mustGoOn()
      mountDevice(this.#device, place, config.directoryMode)
      this.#mounted = true
      const initialized = this.#until('initialized')
      const opened = this.#openFirst(config)
      this.#reloading = opened.catch((error: unknown) => {
        this.#options.log.error(`the secrets can't be opened: ${reasonOf(error)}`)
      })
      await Promise.race([initialized, opened.then(() => initialized)])
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

  /** Detach the mount and end: readers get ENOTCONN at once. Before `start` is done, that fails with `InterruptedError`. */
  stop(): void {
    this.#stopped = true
    this.#detach()
    this.#worker.tell({ kind: 'stop' })
  }

  async #reload(): Promise<void> {
    const { log } = this.#options
    const count = this.#reloads.count + 1
    const at = new Date().toISOString()
    try {
      const config = this.#options.readConfig()
      await this.#replace(await this.#load(config))
      this.#reloads = { count, last: { at, exitStatus: 0 } }
      const { total, failing } = this.secrets
      log.info(`reloaded: ${total} secrets (${failing} failing)`)
      this.#warn()
    } catch (error) {
      this.#reloads = { count, last: { at, exitStatus: exitStatus(error), reason: reasonOf(error) } }
      log.error(`reload failed, nothing changed: ${reasonOf(error)}`)
    }
    this.#worker.tell({ kind: 'facts', facts: this.#facts() })
  }

  /** The worker first, then the kernel's caches: what was cached before the swap is what the notifications drop. */
  async #replace(table: SecretTable): Promise<void> {
    const before = this.#table
    this.#table = table
    const replaced = this.#until('replaced')
    this.#worker.tell({ kind: 'replace', table, facts: this.#facts() })
    await replaced
    for (const message of before === undefined ? [] : notificationsFor(before, table)) this.#notify(message)
  }

  #hear(message: FromWorker): void {
    const { log } = this.#options
    if (message.kind === 'uncached') this.#notify(invalidateInode(message.node, 0n))
    if (message.kind === 'audit' || message.kind === 'ended') this.#options.audit.drain(this.#takeAudit)
    if (message.kind === 'unexpected') log.error(`${message.op}: ${message.reason}`)
    if (message.kind === 'fatal') this.#finish(new MountError(`the FUSE worker broke: ${message.reason}`))
    if (message.kind === 'ended') this.#finish()
    const woken = this.#waiting.filter(({ kind }) => kind === message.kind)
    this.#waiting = this.#waiting.filter(({ kind }) => kind !== message.kind)
    for (const { done } of woken) done()
  }

  #finish(error?: Error): void {
    this.#detach()
    if (this.#closed) return
    this.#closed = true
    this.#ending.abort()
    closeSync(this.#device)
    this.#keys.fill(0)
    this.#end(error)
  }

  #mustGoOn(): void {
    if (this.#stopped) throw new InterruptedError()
  }

  #detach(): void {
    if (this.#mounted) detachMount(this.#options.place)
    this.#mounted = false
  }

  /** What the kernel won't be told, it finds out when its cache expires. */
  #notify(message: Uint8Array): void {
    if (this.#closed) return
    try {
      notify(this.#device, message)
    } catch (error) {
      this.#options.log.error(`the kernel can't be told of a change: ${reasonOf(error)}`)
    }
  }

  #until(kind: FromWorker['kind']): Promise<void> {
    const heard = new Promise<void>((done) => this.#waiting.push({ kind, done }))
    return Promise.race([heard, this.ended])
  }

  #facts(): StatusFacts {
    return statusFacts(this.#running, this.#table, this.#reloads)
  }

  #warn(): void {
    for (const { name, reason } of this.#facts().failing) {
      this.#options.log.warning(`secret ${name}: ${reason}`)
    }
  }

  /** A table in which every value is pending, for the worker to start with; then the values as they come. */
  async #openFirst(config: Config): Promise<void> {
    const accounts = loadAccounts()
    const pending = config.secrets.map(() => ({ pending: true }) as const)
    const table = loadTable(config, accounts, pending, undefined, now())
    const secrets = [...table.secrets]
    this.#table = { ...table, secrets }
    this.#worker.tell({ kind: 'replace', table, facts: this.#facts() })
    const onResults = (results: readonly IndexedValue[]) => {
      const settled = settle(config, accounts, results)
      for (const { index, entry } of settled) secrets[index] = entry
      const values = settled.map(({ index, entry }) => ({ index, value: entry.value }))
      this.#worker.tell({ kind: 'settle', values })
    }
    const prepared = this.#options.prepared?.takeChild()
    await unseal(jobOf(config), { keys: this.#keys, prepared, onResults, signal: this.#ending.signal })
    if (this.#closed) return
    this.#worker.tell({ kind: 'facts', facts: this.#facts() })
    this.#warn()
  }

  async #load(config: Config): Promise<SecretTable> {
    const values = await unseal(jobOf(config), { keys: this.#keys, signal: this.#ending.signal })
    this.#mustGoOn()
    return loadTable(config, loadAccounts(), values, this.#table, now())
  }
}

function jobOf({ identities, secrets }: Config): Omit<Job, 'oneByOne'> {
  return { identities, secrets: secrets.map(({ name, source }) => ({ name, source })) }
}

/** Seconds since 1970. */
function now(): number {
  return Math.floor(Date.now() / 1000)
}
