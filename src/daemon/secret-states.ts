import type { Config, SecretConfig } from '../config/config.ts'
import { inputsOf } from '../config/template-inputs.ts'
import type { Accounts } from '../sys/accounts.ts'
import { PathIndex } from '../vfs/path-index.ts'
import {
  hasValue,
  isPending,
  isPresent,
  versionOf,
  withoutBytes,
  type EntryValue,
  type IndexedValue,
  type PresentValue,
  type SecretEntry,
  type SecretTable,
  type TableHead,
} from '../vfs/table.ts'
import { Conditions } from './conditions.ts'
import { Entries } from './entries.ts'
import { judge, maxStaleOf, rulesOf, type Clock, type Rules, type Verdict } from './judge.ts'
import { entryMaker, headOf, loadTable, type MakeEntry } from './load-table.ts'
import type { Note } from './notes.ts'
import type { Schedule } from './schedule.ts'
import type { Troubles } from './status-facts.ts'

/** What results have changed: other values for the worker, the entries before and after, and what there is to say about them. */
export interface Change {
  readonly values: IndexedValue[]
  readonly before: SecretEntry[]
  readonly after: SecretEntry[]
  readonly notes: Note[]
}

const STILL_BEING_OPENED = 'it is still being opened'

/** What is known of each secret, without its bytes, and when it is to be opened again. Decides what results mean; does nothing itself. */
export class SecretStates {
  #config: Config
  #makeEntry: MakeEntry
  #entries: Entries
  /** Where each secret is in configuration and table; undefined: not needed yet. */
  #places: PathIndex | undefined
  /** Readers wait for what isn't there yet. */
  readonly #patient: boolean
  /** The last value of each secret that has none now. */
  readonly #last = new Map<string, PresentValue>()
  readonly #conditions = new Conditions()

  /** Every value is pending; `known` is what an earlier server has served at this mount. */
  constructor(
    config: Config,
    accounts: Accounts,
    known: SecretTable | undefined,
    patient: boolean,
    now: Clock,
  ) {
    this.#config = config
    this.#makeEntry = entryMaker(accounts)
    this.#patient = patient
    for (const { name, value } of known?.secrets ?? []) if (isPresent(value)) this.#last.set(name, value)
    const versions = new Map(known?.secrets.map(({ name, value }) => [name, versionOf(value)]))
    const since = now.monotonic
    const unknown = { pending: true, since } as const
    const pending = config.secrets.map(({ name }) => {
      const version = versions.get(name)
      return version === undefined ? unknown : ({ pending: true, since, version } as const)
    })
    this.#entries = entriesOf(config, this.#makeEntry, headOf(config, known, secondsOf(now)), pending)
  }

  get config(): Config {
    return this.#config
  }

  /** Without the bytes, which the worker has. */
  get table(): SecretTable {
    return this.#entries.table
  }

  get entries(): Omit<Entries, 'put'> {
    return this.#entries
  }

  get troubles(): Troubles {
    return this.#conditions.troubles
  }

  get schedule(): Schedule {
    return this.#conditions.schedule
  }

  /** Index of a secret in configuration and table. */
  placeOf(name: string): number | undefined {
    return this.places().placeOf(name)
  }

  /** The same for all. Made at the first call: for many secrets when others have been given what they wait for. */
  places(): PathIndex {
    this.#places ??= placesOf(this.#config)
    return this.#places
  }

  /** Has it a value, from the source that this other configuration has for it? */
  isServed(secret: SecretConfig, config: Config): boolean {
    const known = this.#config.secrets[this.placeOf(secret.name) ?? -1]
    if (known === undefined || !hasValue(this.#valueOf(secret.name))) return false
    return originOf(known, this.#config) === originOf(secret, config)
  }

  /** Has there been any result of it? */
  isKnown(name: string): boolean {
    const value = this.#valueOf(name)
    return value !== undefined && !isPending(value)
  }

  /** Results of opening some of the secrets again. */
  take(results: readonly IndexedValue[], now: Clock): Change {
    const entries = this.#entries
    const isServed = (name: string) => hasValue(this.#valueOf(name))
    const change: Change = { values: [], before: [], after: [], notes: [] }
    for (const { index, value: result } of results) {
      const secret = this.#config.secrets[index]
      const entry = entries.at(index)
      if (secret === undefined || entry === undefined) continue
      const found = this.#makeEntry(secret, result).value
      const rules = rulesOf(secret, this.#config, this.#patient, isServed)
      const verdict = this.#judge(secret, entry.value, found, rules, now)
      change.notes.push(...this.#note(secret, verdict, now))
      if (isSame(entry.value, verdict.value)) continue
      const next = this.#makeEntry(secret, verdict.value)
      const known = withoutBytes(next)
      entries.put(index, known.value)
      this.#remember(secret.name, entry.value, known.value)
      change.values.push({ index, value: next.value })
      change.before.push(entry)
      change.after.push(known)
    }
    return change
  }

  /** Another configuration, and results for its secrets: what has none yet stays as it is. Returns the table with the bytes. */
  replace(
    config: Config,
    accounts: Accounts,
    results: readonly (EntryValue | undefined)[],
    now: Clock,
  ): { table: SecretTable; notes: Note[] } {
    const previous = this.table
    const makeEntry = entryMaker(accounts)
    const before = new Map(previous.secrets.map((entry) => [entry.name, entry.value]))
    const origins = new Map(
      this.#config.secrets.map((secret) => [secret.name, originOf(secret, this.#config)]),
    )
    const served = new Set<string>()
    // Templates come last, so what they are made of has been judged before.
    const verdicts = config.secrets.map((secret, index) => {
      const same = origins.get(secret.name) === originOf(secret, config)
      const value = same ? before.get(secret.name) : undefined
      const found = results[index]
      const result = found && makeEntry(secret, found).value
      const rules = rulesOf(secret, config, this.#patient, (name) => served.has(name))
      const verdict = result ? this.#judge(secret, value, result, rules, now) : this.#kept(secret, value, now)
      if (isPresent(verdict.value)) served.add(secret.name)
      return verdict
    })
    const values = verdicts.map(({ value }) => value)
    for (const [index, { name }] of config.secrets.entries())
      this.#remember(name, before.get(name), values[index])
    const table = loadTable(config, makeEntry, values, previous, secondsOf(now))
    this.#config = config
    this.#places = undefined
    this.#makeEntry = makeEntry
    this.#entries = entriesOf(config, makeEntry, table, values)
    this.#forgetOthers(new Set(config.secrets.map(({ name }) => name)))
    const notes = config.secrets.flatMap((secret, index) => this.#note(secret, verdicts[index], now))
    return { table, notes }
  }

  /** Secrets whose source is to be asked now, or judged again: their indexes. */
  takeDue(now: Clock): { ofVaults: number[]; others: number[] } {
    const due = this.schedule.takeDue(now.monotonic).flatMap((name) => this.placeOf(name) ?? [])
    const isOfVault = (index: number) => this.#config.secrets[index]?.source.kind === 'vault'
    return { ofVaults: due.filter(isOfVault), others: due.filter((index) => !isOfVault(index)) }
  }

  /** What was said last of secrets of vaults that are in trouble, as results: whether a value may still be kept changes with time. */
  lastSaid(indexes: readonly number[]): IndexedValue[] {
    return indexes.flatMap((index): IndexedValue[] => {
      const failing = this.#conditions.get(this.#config.secrets[index]?.name ?? '')?.reason
      return failing === undefined ? [] : [{ index, value: { failing, unavailable: true } }]
    })
  }

  /** The time of those that wait is over: as results. */
  overdue(now: Clock): IndexedValue[] {
    // Looking at each of many would keep V8 from giving memory back (tidying.ts).
    if (this.#entries.pending === 0) return []
    const limit = this.#config.startTimeout * 1000
    return this.#config.secrets.flatMap(({ name }, index): IndexedValue[] => {
      const value = this.#entries.valueAt(index)
      if (value === undefined || !isPending(value) || now.monotonic - value.since < limit) return []
      const failing = this.#conditions.get(name)?.reason ?? STILL_BEING_OPENED
      return [{ index, value: { failing, unavailable: true } }]
    })
  }

  #judge(
    { name }: SecretConfig,
    value: EntryValue | undefined,
    result: EntryValue,
    rules: Rules,
    now: Clock,
  ): Verdict {
    const condition = this.#conditions.get(name)
    const staleSince = condition?.state === 'stale' ? condition.since : undefined
    return judge(result, { value, last: this.#lastOf(name), staleSince }, rules, now)
  }

  /** The value that it has, or had last. */
  #lastOf(name: string): PresentValue | undefined {
    const value = this.#valueOf(name)
    return value !== undefined && isPresent(value) ? value : this.#last.get(name)
  }

  #remember(name: string, before: EntryValue | undefined, after: EntryValue | undefined): void {
    if (after !== undefined && isPresent(after)) this.#last.delete(name)
    else if (before !== undefined && isPresent(before)) this.#last.set(name, before)
  }

  /** There is no result of it yet. */
  #kept({ name }: SecretConfig, value: EntryValue | undefined, now: Clock): Verdict {
    const condition = this.#conditions.get(name)
    if (value !== undefined && condition !== undefined)
      return { ...condition, value, retry: condition.attempts > 0 }
    if (value !== undefined && isPresent(value)) return { value, state: 'fresh', retry: false }
    const pending = { pending: true, since: now.monotonic } as const
    return { value: pending, state: 'waiting', retry: false, reason: STILL_BEING_OPENED }
  }

  #note(secret: SecretConfig, verdict: Verdict | undefined, now: Clock): Note[] {
    if (verdict === undefined) return []
    const { source } = secret
    const maxStale = maxStaleOf(secret, this.#config.vaults)
    const lacksVault = inputsOf(source).some((input) => this.#isMissingOfVault(input))
    return this.#conditions.note(secret, verdict, { maxStale, lacksVault }, now)
  }

  #isMissingOfVault(name: string): boolean {
    const secret = this.#config.secrets[this.placeOf(name) ?? -1]
    return secret?.source.kind === 'vault' && !hasValue(this.#valueOf(name))
  }

  #valueOf(name: string): EntryValue | undefined {
    return this.#entries.valueAt(this.placeOf(name) ?? -1)
  }

  #forgetOthers(names: ReadonlySet<string>): void {
    for (const name of this.#last.keys()) if (!names.has(name)) this.#last.delete(name)
    this.#conditions.keep(names)
  }
}

function entriesOf(
  { secrets }: Config,
  makeEntry: MakeEntry,
  { generation, directoryMode, changedAt }: TableHead,
  values: readonly EntryValue[],
): Entries {
  const head = { generation, directoryMode, changedAt }
  return new Entries(head, values, (index, value) => makeEntry(secrets[index] as SecretConfig, value))
}

function placesOf({ secrets }: Config): PathIndex {
  return new PathIndex(secrets.map(({ name }) => name).join('\n'), secrets.length)
}

function isSame(a: EntryValue, b: EntryValue): boolean {
  return a === b || ('failing' in a && 'failing' in b && a.failing === b.failing)
}

/** Equal for a secret of two configurations that comes from the same place. */
function originOf({ source }: SecretConfig, { vaults }: Config): string {
  const vault = source.kind === 'vault' ? vaults.find(({ name }) => name === source.server) : undefined
  return JSON.stringify([source, vault?.address, vault?.namespace])
}

function secondsOf({ wall }: Clock): number {
  return Math.floor(wall / 1000)
}
