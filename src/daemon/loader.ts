import { reasonOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { monotonic } from '../base/monotonic.ts'
import type { Config, SecretConfig } from '../config/config.ts'
import { withTemplates } from '../config/template-inputs.ts'
import { loadAccounts } from '../sys/accounts.ts'
import type { EntryValue, IndexedValue, SecretTable } from '../vfs/table.ts'
import type { Clock } from './judge.ts'
import { SecretStates } from './secret-states.ts'
import { notificationsFor, replacedValues } from './table-diff.ts'
import { TemplateInputs } from './template-inputs.ts'
import type { UnsealChild } from './unseal-child.ts'
import { unseal, type UnsealOptions } from './unseal-client.ts'

/** Where other values go; implemented by server.ts. */
export interface Outlet {
  /** Both resolve when the worker serves it. */
  replace(table: SecretTable): Promise<unknown>
  settle(values: readonly IndexedValue[]): Promise<unknown>
  /** Tell the kernel. */
  notify(messages: readonly Uint8Array[]): void
  /** Their values were replaced by others. */
  changed(secrets: readonly SecretConfig[]): void
  /** A load is done; the table comes without its bytes. */
  loaded(table: SecretTable): void
  /** Before sources are asked again that weren't there. */
  retrying(): void
}

export interface LoaderOptions {
  /** KEYS_BYTES, see unseal-protocol.ts. */
  readonly keys: Uint8Array
  readonly log: Log
  readonly outlet: Outlet
  /** What an earlier server has served at this mount, without its bytes. */
  readonly known: SecretTable | undefined
  /** Readers wait for a secret whose source isn't there yet, for as long as the configuration says. */
  readonly patient: boolean
}

/** PID 1 isn't let wait for longer (vfs/waiting.ts): it is asked again then. Milliseconds. */
const END_OF_PATIENCE = 2000
/** Children that open secrets again at the same time; more wait for the next turn. */
const MOST_CHILDREN = 4
const NEXT_TURN = 1000

/** Opens the secrets of a server, and opens them again where that may help. */
export class Loader {
  readonly #options: LoaderOptions
  readonly #ending = new AbortController()
  #states: SecretStates
  #inputs = new TemplateInputs()
  /** Counts configurations: results for an earlier one are dropped. */
  #epoch = 0
  #children = 0
  #timer: NodeJS.Timeout | undefined
  /** Tells the child of the last load what to open next. */
  #hurry: (place: number) => void = () => undefined

  /** Every value is pending. */
  constructor(config: Config, options: LoaderOptions) {
    this.#options = options
    this.#states = new SecretStates(config, loadAccounts(), options.known, options.patient, clock())
  }

  get states(): Pick<SecretStates, 'config' | 'table' | 'entries' | 'troubles'> {
    return this.#states
  }

  /** Serve a table in which every value is pending, then the values as they come. Resolves when each was tried; rejects when none can be. */
  async open(prepared: UnsealChild | undefined): Promise<void> {
    const { known, outlet } = this.#options
    const { config, table } = this.#states
    void outlet.replace(table)
    if (known !== undefined) outlet.notify(notificationsFor(known, table))
    this.#awaitPending()
    await this.#run([...config.secrets.keys()], prepared)
  }

  /** Open everything again, then serve it at once. Throws what leaves everything as it is. */
  async reload(config: Config): Promise<void> {
    const { outlet } = this.#options
    const accounts = loadAccounts()
    const inputs = new TemplateInputs()
    const results = await this.#unseal(config, config.secrets, { inputs })
    if (this.#ending.signal.aborted) return
    this.#epoch++
    this.#inputs = inputs
    const before = this.#states.table
    const { table, notes } = this.#states.replace(config, accounts, results, clock())
    for (const note of notes) this.#options.log.warning(note)
    await outlet.replace(table)
    outlet.notify(notificationsFor(before, table))
    this.#tellChanged(before, this.#states.table)
    this.#awaitPending()
    outlet.loaded(this.#states.table)
    this.#plan()
  }

  /** A reader waits for this secret. */
  awaited(name: string): void {
    const place = this.#states.placeOf(name)
    if (place !== undefined) this.#hurry(place)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#ending.abort()
  }

  /** Open some secrets, make the templates of them anew, and take each result as it comes. */
  async #run(some: readonly number[], prepared?: UnsealChild): Promise<void> {
    const epoch = this.#epoch
    const { config } = this.#states
    const indexes = withTemplates(config.secrets, some)
    const secrets = indexes.flatMap((index) => config.secrets[index] ?? [])
    const onResults = (results: readonly IndexedValue[]) => {
      if (epoch !== this.#epoch) return
      const placed = results.map(({ index, value }) => ({ index: indexes[index] ?? index, value }))
      void this.#take(placed)
    }
    const onChild = (hurry: (index: number) => void) => {
      this.#hurry = (place) => {
        const index = indexes[place] === place ? place : indexes.indexOf(place)
        if (index >= 0) hurry(index)
      }
    }
    this.#children++
    try {
      await this.#unseal(config, secrets, { prepared, onResults, onChild })
    } finally {
      this.#children--
    }
    if (epoch !== this.#epoch || this.#ending.signal.aborted) return
    this.#options.outlet.loaded(this.#states.table)
    this.#plan()
  }

  #unseal(
    { identities }: Config,
    secrets: readonly SecretConfig[],
    options: Pick<UnsealOptions, 'prepared' | 'onResults' | 'onChild' | 'inputs'> = {},
  ): Promise<(EntryValue | undefined)[]> {
    const job = { identities, secrets: secrets.map(({ name, source }) => ({ name, source })) }
    const { keys } = this.#options
    return unseal(job, { inputs: this.#inputs, ...options, keys, signal: this.#ending.signal })
  }

  /** The worker first, then the kernel's caches: what was cached before is what the notifications drop. */
  async #take(results: readonly IndexedValue[]): Promise<void> {
    const { outlet, log } = this.#options
    const { values, before, after, notes } = this.#states.take(results, clock())
    for (const note of notes) log.warning(note)
    await outlet.settle(values)
    const { entries } = this.#states
    const [old, fresh] = [entries.tableOf(before), entries.tableOf(after)]
    outlet.notify(notificationsFor(old, fresh))
    this.#tellChanged(old, fresh)
  }

  #tellChanged(before: SecretTable, after: SecretTable): void {
    const names = new Set(replacedValues(before, after))
    if (names.size === 0) return
    const secrets = this.#states.config.secrets.filter(({ name }) => names.has(name))
    this.#options.outlet.changed(secrets)
  }

  /** Whoever waits too long for a value is let go. */
  #awaitPending(): void {
    if (this.#states.entries.pending === 0) return
    const epoch = this.#epoch
    const later = (milliseconds: number) => {
      const timer = setTimeout(() => {
        if (epoch === this.#epoch && !this.#ending.signal.aborted)
          void this.#take(this.#states.overdue(clock()))
      }, milliseconds)
      timer.unref()
    }
    later(END_OF_PATIENCE)
    later(this.#states.config.startTimeout * 1000)
  }

  #plan(): void {
    clearTimeout(this.#timer)
    const next = this.#states.schedule.next
    if (next === undefined || this.#ending.signal.aborted) return
    this.#timer = setTimeout(
      () => {
        this.#turn()
      },
      Math.max(0, next - monotonic()),
    )
    this.#timer.unref()
  }

  #turn(): void {
    if (this.#children >= MOST_CHILDREN) {
      this.#timer = setTimeout(() => {
        this.#turn()
      }, NEXT_TURN).unref()
      return
    }
    this.#options.outlet.retrying()
    const due = this.#states.takeDue(clock())
    this.#plan()
    if (due.length === 0) return
    this.#run(due).catch((error: unknown) => {
      this.#options.log.error(`secrets can't be opened again: ${reasonOf(error)}`)
      void this.#take(due.map((index) => ({ index, value: { failing: reasonOf(error), unavailable: true } })))
      this.#plan()
    })
  }
}

function clock(): Clock {
  return { wall: Date.now(), monotonic: monotonic() }
}
