import type { Config, SecretConfig } from '../config/config.ts'
import { inputsOf } from '../config/template-inputs.ts'
import type { Accounts } from '../sys/accounts.ts'
import {
  isPending,
  isPresent,
  versionOf,
  type EntryValue,
  type IndexedValue,
  type PresentValue,
  type SecretEntry,
  type SecretTable,
} from '../vfs/table.ts'
import { Entries } from './entries.ts'
import { judge, maxStaleOf, type Clock, type Verdict } from './judge.ts'
import { entryOf, loadTable } from './load-table.ts'
import { backoff, Schedule, spread } from './schedule.ts'
import type { Troubles } from './status-facts.ts'

/** What results have changed: other values for the worker, the entries before and after, and what there is to say about them. */
export interface Change {
  readonly values: IndexedValue[]
  readonly before: SecretEntry[]
  readonly after: SecretEntry[]
  readonly notes: string[]
}

/** How a secret is that has no fresh value, since when (milliseconds since 1970) and why, and how often its source was asked in vain. */
interface Condition {
  readonly state: Verdict['state']
  readonly since: number
  readonly reason: string
  readonly attempts: number
}

const NOTHING = new Uint8Array()
const NOT_OPENED = { failing: 'it was not opened' }

/** What is known of each secret, without its bytes, and when it is to be opened again. Decides what results mean; does nothing itself. */
export class SecretStates {
  readonly schedule = new Schedule()
  #config: Config
  #accounts: Accounts
  #entries: Entries
  /** Where each secret is in configuration and table. */
  #places: ReadonlyMap<string, number>
  /** Readers wait for what isn't there yet. */
  readonly #patient: boolean
  /** The last value of each secret. */
  readonly #last = new Map<string, PresentValue>()
  readonly #conditions = new Map<string, Condition>()

  /** Every value is pending; `known` is what an earlier server has served at this mount. */
  constructor(
    config: Config,
    accounts: Accounts,
    known: SecretTable | undefined,
    patient: boolean,
    now: Clock,
  ) {
    this.#config = config
    this.#places = placesOf(config)
    this.#accounts = accounts
    this.#patient = patient
    for (const { name, value } of known?.secrets ?? []) if (isPresent(value)) this.#last.set(name, value)
    const versions = new Map(known?.secrets.map(({ name, value }) => [name, versionOf(value)]))
    const since = now.monotonic
    const unknown = { pending: true, since } as const
    const pending = config.secrets.map(({ name }) => {
      const version = versions.get(name)
      return version === undefined ? unknown : ({ pending: true, since, version } as const)
    })
    this.#entries = new Entries(loadTable(config, accounts, pending, known, secondsOf(now)))
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
    const inState = (state: Verdict['state']) =>
      new Map([...this.#conditions].filter(([, condition]) => condition.state === state))
    return { failing: inState('failing'), stale: inState('stale') }
  }

  /** Index of a secret in configuration and table. */
  placeOf(name: string): number | undefined {
    return this.#places.get(name)
  }

  /** Results of opening some of the secrets again. */
  take(results: readonly IndexedValue[], now: Clock): Change {
    const entries = this.#entries
    const isServed = (name: string) => isServedIn(entries.at(this.#places.get(name) ?? -1)?.value)
    const change: Change = { values: [], before: [], after: [], notes: [] }
    for (const { index, value: result } of results) {
      const secret = this.#config.secrets[index]
      const entry = entries.at(index)
      if (secret === undefined || entry === undefined) continue
      const found = entryOf(secret, this.#accounts, result).value
      const verdict = this.#judge(secret, entry.value, found, isServed, now)
      change.notes.push(...this.#note(secret, verdict, now))
      if (isSame(entry.value, verdict.value)) continue
      const next = entryOf(secret, this.#accounts, verdict.value)
      entries.put(index, withoutBytes(next))
      change.values.push({ index, value: next.value })
      change.before.push(entry)
      change.after.push(withoutBytes(next))
    }
    return change
  }

  /** Another configuration, and a result for each of its secrets. Returns the table with the bytes. */
  replace(
    config: Config,
    accounts: Accounts,
    results: readonly (EntryValue | undefined)[],
    now: Clock,
  ): { table: SecretTable; notes: string[] } {
    const previous = this.table
    const before = new Map(previous.secrets.map((entry) => [entry.name, entry.value]))
    const sources = new Map(this.#config.secrets.map(({ name, source }) => [name, JSON.stringify(source)]))
    const served = new Set<string>()
    // Templates come last, so what they are made of has been judged before.
    const verdicts = config.secrets.map((secret, index) => {
      const same = sources.get(secret.name) === JSON.stringify(secret.source)
      const value = same ? before.get(secret.name) : undefined
      const result = entryOf(secret, accounts, results[index] ?? NOT_OPENED).value
      const verdict = this.#judge(secret, value, result, (name) => served.has(name), now)
      if (isPresent(verdict.value)) served.add(secret.name)
      return verdict
    })
    const values = verdicts.map(({ value }) => value)
    const table = loadTable(config, accounts, values, previous, secondsOf(now))
    this.#config = config
    this.#places = placesOf(config)
    this.#accounts = accounts
    this.#entries = new Entries({ ...table, secrets: table.secrets.map(withoutBytes) })
    this.#forgetOthers(new Set(config.secrets.map(({ name }) => name)))
    const notes = config.secrets.flatMap((secret, index) => this.#note(secret, verdicts[index], now))
    return { table, notes }
  }

  /** Secrets whose source is to be asked now: their indexes. */
  takeDue(now: Clock): number[] {
    const due = new Set(this.schedule.takeDue(now.monotonic))
    return due.size === 0
      ? []
      : this.#config.secrets.flatMap(({ name }, index) => (due.has(name) ? [index] : []))
  }

  /** The time of those that wait is over: as results. */
  overdue(now: Clock): IndexedValue[] {
    const limit = this.#config.startTimeout * 1000
    return this.table.secrets.flatMap(({ name, value }, index): IndexedValue[] => {
      if (!isPending(value) || now.monotonic - value.since < limit) return []
      const failing = this.#conditions.get(name)?.reason ?? 'it is still being opened'
      return [{ index, value: { failing, unavailable: true } }]
    })
  }

  #judge(
    secret: SecretConfig,
    value: EntryValue | undefined,
    result: EntryValue,
    isServed: (name: string) => boolean,
    now: Clock,
  ): Verdict {
    const { name, source } = secret
    const condition = this.#conditions.get(name)
    const staleSince = condition?.state === 'stale' ? condition.since : undefined
    const rules = {
      startTimeout: this.#patient ? this.#config.startTimeout * 1000 : 0,
      // A template is kept as long as all that it is made of.
      maxStale: source.kind === 'template' ? keptWith(inputsOf(source), isServed) : maxStaleOf(secret),
    }
    return judge(result, { value, last: this.#last.get(name), staleSince }, rules, now)
  }

  /** Keep what is known and plan what comes next; returns a line for the log when something is new. */
  #note({ name, source }: SecretConfig, verdict: Verdict | undefined, now: Clock): string[] {
    if (verdict === undefined) return []
    const { state, value, retry, reason = '' } = verdict
    if (isPresent(value)) this.#last.set(name, withoutValueBytes(value))
    const before = this.#conditions.get(name)
    const since = before?.state === state ? before.since : now.wall
    const attempts = retry ? (before?.attempts ?? 0) + 1 : 0
    if (state === 'fresh') this.#conditions.delete(name)
    else this.#conditions.set(name, { state, since, reason, attempts })
    const refresh = refreshOf(source)
    if (retry) this.schedule.set(name, now.monotonic + backoff(attempts, Math.random()))
    else if (refresh !== undefined) this.schedule.set(name, now.monotonic + spread(refresh, Math.random()))
    else this.schedule.delete(name)
    if (before === undefined && state === 'fresh') return []
    if (before?.state === state && before.reason === reason) return []
    return [`secret ${name}: ${lineOf(state, reason)}`]
  }

  #forgetOthers(names: ReadonlySet<string>): void {
    for (const known of [this.#last, this.#conditions])
      for (const name of known.keys()) if (!names.has(name)) known.delete(name)
    this.schedule.keep(names)
  }
}

function placesOf({ secrets }: Config): Map<string, number> {
  return new Map(secrets.map(({ name }, index) => [name, index]))
}

function isServedIn(value: EntryValue | undefined): boolean {
  return value !== undefined && isPresent(value)
}

function keptWith(inputs: readonly string[], isServed: (name: string) => boolean): number {
  return inputs.every(isServed) ? Infinity : 0
}

function lineOf(state: Verdict['state'], reason: string): string {
  if (state === 'fresh') return 'it is served again'
  if (state === 'stale') return `its last value is served: ${reason}`
  return state === 'waiting' ? `it is not there yet: ${reason}` : reason
}

function isSame(a: EntryValue, b: EntryValue): boolean {
  return a === b || ('failing' in a && 'failing' in b && a.failing === b.failing)
}

/** Milliseconds after which the source is asked again although it answered. */
function refreshOf(source: SecretConfig['source']): number | undefined {
  return 'refresh' in source && typeof source.refresh === 'number' ? source.refresh * 1000 : undefined
}

function withoutBytes(entry: SecretEntry): SecretEntry {
  return isPresent(entry.value) ? { ...entry, value: withoutValueBytes(entry.value) } : entry
}

function withoutValueBytes(value: PresentValue): PresentValue {
  return { ...value, sealed: NOTHING }
}

function secondsOf({ wall }: Clock): number {
  return Math.floor(wall / 1000)
}
