import { reasonOf } from '../base/errors.ts'
import { IndexSet } from '../base/index-set.ts'
import type { Log } from '../base/log.ts'
import { monotonic } from '../base/monotonic.ts'
import { pick } from '../base/pick.ts'
import type { Config, SecretConfig } from '../config/config.ts'
import { withTemplates } from '../config/template-inputs.ts'
import { loadAccounts } from '../sys/accounts.ts'
import type { EntryValue, IndexedValue, SecretTable } from '../vfs/table.ts'
import { fetchedInputs, Fetchings, openedByChild, type Fetching } from './fetching.ts'
import { clock } from './judge.ts'
import { linesOf, type Note } from './notes.ts'
import type { Outlet } from './outlet.ts'
import { OutdatedTemplates, type Making } from './outdated-templates.ts'
import { SecretStates } from './secret-states.ts'
import { soon } from './soon.ts'
import { notificationsFor, replacedValues } from './table-diff.ts'
import type { UnsealChild } from './unseal-child.ts'
import { unseal, type UnsealOptions } from './unseal-client.ts'

export interface LoaderOptions {
  /** KEYS_BYTES, see unseal-protocol.ts; unwiped until `stop`. */
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
/** What comes of vaults comes one by one: it is one load. */
const A_MOMENT = 200

/** Opens the secrets of a server, and opens them again where that may help. */
export class Loader {
  readonly #options: LoaderOptions
  readonly #ending = new AbortController()
  #states: SecretStates
  /** Counts configurations: results for an earlier one are dropped. */
  #epoch = 0
  #children = 0
  #timer: NodeJS.Timeout | undefined
  readonly #fetchings: Fetchings
  readonly #templates: OutdatedTemplates
  readonly #loadedSoon = soon(() => this.#loaded(), A_MOMENT)
  /** Tells the child of the last load what to open next. */
  #hurry: (place: number) => void = nobody

  /** Every value is pending. */
  constructor(config: Config, options: LoaderOptions) {
    this.#options = options
    this.#fetchings = new Fetchings(options.keys, options.log)
    this.#templates = new OutdatedTemplates(config.secrets, (indexes) => this.#run(indexes))
    this.#states = new SecretStates(config, loadAccounts(), options.known, options.patient, clock())
  }

  get states(): Pick<SecretStates, 'config' | 'table' | 'entries' | 'troubles'> {
    return this.#states
  }

  /** Serve a table in which every value is pending, then the values as they come. Resolves when each was tried. */
  async open(prepared: UnsealChild | undefined): Promise<void> {
    const { known, outlet } = this.#options
    const { config, entries } = this.#states
    void outlet.replace(entries.stream)
    if (known !== undefined) outlet.notify(notificationsFor(known, entries.table))
    this.#awaitPending()
    const fetching = this.#fetchings.start(config)
    this.#follow(fetching)
    const opening = this.#run([...config.secrets.keys()], prepared)
    await Promise.all([opening, fetching.tried(END_OF_PATIENCE)])
  }

  /** Open everything again, then serve it at once. Throws what leaves everything as it is. */
  async reload(config: Config): Promise<void> {
    const { outlet } = this.#options
    const accounts = loadAccounts()
    const fetching = this.#fetchings.start(config)
    const { results, inputs } = await this.#openAll(config, fetching).catch((error: unknown) => {
      this.#fetchings.leave(fetching)
      throw error
    })
    if (this.#ending.signal.aborted) return
    this.#epoch++
    this.#templates.replace(inputs)
    const before = this.#states.table
    const { table, notes } = this.#states.replace(config, accounts, results, clock())
    this.#say(notes)
    await outlet.replace(table)
    outlet.notify(notificationsFor(before, table))
    this.#tellChanged(before, this.#states.table)
    this.#awaitPending()
    this.#follow(fetching)
    this.#loaded()
    this.#plan()
  }

  /** A reader waits for this secret. */
  awaited(name: string): void {
    const place = this.#states.placeOf(name)
    if (place !== undefined) this.#hurry(place)
  }

  /** Nothing comes any more. Resolves when the sessions with vaults have ended. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#ending.abort()
    await this.#fetchings.stop()
  }

  #follow(fetching: Fetching): void {
    const epoch = this.#epoch
    this.#fetchings.follow(fetching, (results) => {
      if (epoch === this.#epoch) this.#takeFetched(results)
    })
  }

  #takeFetched(results: readonly IndexedValue[]): void {
    void this.#take(results).then(() => {
      this.#plan()
      this.#loadedSoon()
    })
  }

  /** A result for each secret of another configuration, but for what no vault has told in time. */
  async #openAll(config: Config, fetching: Fetching) {
    const { secrets } = config
    await fetching.tried(END_OF_PATIENCE)
    const found = fetching.takeWaiting()
    const inputs = fetchedInputs(secrets, found, (secret) =>
      this.#states.isServed(secret, config) ? this.#templates.inputs.get(secret.name) : undefined,
    )
    const indexes = openedByChild(secrets, [...secrets.keys()], (name) => inputs.get(name) !== undefined)
    const opened = await this.#unseal(config, pick(secrets, indexes), { inputs })
    for (const [place, index] of indexes.entries()) {
      const value = opened[place]
      if (value !== undefined) found.set(index, value)
    }
    return { inputs, results: secrets.map((_, index) => found.get(index)) }
  }

  /**
   * Open some secrets but those of vaults, make the templates of them anew, and take each result as it comes. What hinders all of them is gone later, or so it is
   * hoped: it never rejects.
   */
  async #run(some: readonly number[], prepared?: UnsealChild): Promise<void> {
    const epoch = this.#epoch
    const making = this.#templates.making()
    const { config } = this.#states
    const { secrets } = config
    const wanted = withTemplates(secrets, some)
    const indexes = openedByChild(secrets, wanted, (name) => this.#states.isKnown(name))
    const left = new IndexSet(secrets.length, indexes)
    const take = (results: readonly IndexedValue[]) => {
      if (epoch !== this.#epoch) return
      for (const { index } of results) left.delete(index)
      void this.#take(results, making)
    }
    const onResults = (results: readonly IndexedValue[]) => {
      take(results.map(({ index, value }) => ({ index: indexes[index] ?? index, value })))
    }
    let hurried: ((place: number) => void) | undefined
    const onChild = (hurry: (index: number) => void, sent: Promise<void>) => {
      // Whatever comes next asks for a secret by its name. Before that, it would hold up what is on its way to the child.
      void sent.then(() => this.#states.places())
      hurried = (place) => {
        hurry(indexes.indexOf(place))
      }
      this.#hurry = hurried
    }
    this.#children++
    try {
      await this.#unseal(config, pick(secrets, indexes), { prepared, onResults, onChild })
    } catch (error) {
      const failing = reasonOf(error)
      this.#options.log.error(`secrets can't be opened: ${failing}`)
      take([...left].map((index) => ({ index, value: { failing, unavailable: true } })))
    } finally {
      this.#children--
      // It would keep all that was opened.
      if (this.#hurry === hurried) this.#hurry = nobody
    }
    if (epoch !== this.#epoch || this.#ending.signal.aborted) return
    this.#templates.made(making, secrets, wanted)
    this.#loaded()
    this.#plan()
  }

  #loaded(): void {
    if (!this.#ending.signal.aborted) this.#options.outlet.loaded(this.#states.table)
  }

  #unseal(
    { identities }: Config,
    secrets: readonly SecretConfig[],
    options: Pick<UnsealOptions, 'prepared' | 'onResults' | 'onChild' | 'inputs'> = {},
  ): Promise<(EntryValue | undefined)[]> {
    const { keys } = this.#options
    return unseal(
      { identities, secrets },
      { inputs: this.#templates.inputs, ...options, keys, signal: this.#ending.signal },
    )
  }

  /** The worker first, then the kernel's caches: what was cached before is what the notifications drop. */
  async #take(results: readonly IndexedValue[], making?: Making): Promise<void> {
    const { outlet } = this.#options
    const { values, before, after, notes } = this.#states.take(results, clock())
    this.#say(notes)
    this.#templates.take(this.#states.config.secrets, values, making)
    await outlet.settle(values)
    const { entries } = this.#states
    const [old, fresh] = [entries.tableOf(before), entries.tableOf(after)]
    outlet.notify(notificationsFor(old, fresh))
    this.#tellChanged(old, fresh)
  }

  #say(notes: readonly Note[]): void {
    for (const line of linesOf(notes)) this.#options.log.warning(line)
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
    this.#turnIn(Math.max(0, next - monotonic()))
  }

  #turnIn(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      if (this.#children >= MOST_CHILDREN) this.#turnIn(NEXT_TURN)
      else this.#turn()
    }, milliseconds)
    this.#timer.unref()
  }

  #turn(): void {
    this.#options.outlet.retrying()
    const due = this.#states.takeDue(clock())
    if (due.ofVaults.length > 0) this.#takeFetched(this.#states.lastSaid(due.ofVaults))
    this.#plan()
    if (due.others.length > 0) void this.#run(due.others)
  }
}

/** Outside of every function: a closure would keep what is around it. */
const nobody = () => undefined
