import { monotonic } from '../base/monotonic.ts'
import type { Config, SecretConfig, VaultConfig } from '../config/config.ts'
import { inputsOf } from '../config/template-inputs.ts'
import { isPending, isPresent, type EntryValue, type PendingValue, type PresentValue } from '../vfs/table.ts'

/** What a secret has now, and the last value that was served of it, by this server or by the one before. */
export interface Before {
  readonly value: EntryValue | undefined
  readonly last: PresentValue | undefined
  /** Since when its source can't be asked. */
  readonly staleSince: Clock | undefined
}

export interface Rules {
  /** Readers of a secret whose source isn't there yet wait so long after the start, in milliseconds; 0: they get an error at once. */
  readonly startTimeout: number
  /** How long the last value is served while the source can't be asked; 0: not at all. Milliseconds. */
  readonly maxStale: number
}

/** What is served from now on, and how that came: a value is `fresh`, its last one is kept (`stale`), or there is none. */
export interface Verdict {
  readonly value: EntryValue
  readonly state: 'fresh' | 'stale' | 'waiting' | 'failing'
  /** The source may answer later: ask it again. */
  readonly retry: boolean
  /** Why, unless it is fresh. */
  readonly reason?: string | undefined
}

export interface Clock {
  /** Milliseconds since 1970. */
  readonly wall: number
  readonly monotonic: number
}

export function clock(): Clock {
  return { wall: Date.now(), monotonic: monotonic() }
}

/** Milliseconds since then: a clock that was set back makes nothing younger, and one that stood still in a suspended machine neither. */
export function ageOf(since: Clock, now: Clock): number {
  return Math.max(now.wall - since.wall, now.monotonic - since.monotonic)
}

/** Decide about a result of opening a source. */
export function judge(result: EntryValue, before: Before, rules: Rules, now: Clock): Verdict {
  if (isPresent(result)) return { value: dated(result, before, now), state: 'fresh', retry: false }
  if (isPending(result)) return { value: result, state: 'waiting', retry: true }
  const { failing: reason, unavailable: retry = false } = result
  if (retry && mayKeep(before, rules, now)) return { value: before.value, state: 'stale', retry, reason }
  const pending = stillPending(before.value, now)
  const waits = retry && pending !== undefined && now.monotonic - pending.since < rules.startTimeout
  if (waits) return { value: pending, state: 'waiting', retry, reason }
  return { value: result, state: 'failing', retry, reason }
}

/** A secret that has just been declared waits from now on; one that had its time doesn't wait again. */
function stillPending(value: EntryValue | undefined, { monotonic }: Clock): PendingValue | undefined {
  if (value === undefined) return { pending: true, since: monotonic }
  return isPending(value) ? value : undefined
}

function mayKeep(
  before: Before,
  { maxStale }: Rules,
  now: Clock,
): before is Before & { value: PresentValue } {
  const { value, staleSince = now } = before
  return value !== undefined && isPresent(value) && ageOf(staleSince, now) < maxStale
}

/** An unchanged value keeps its time; a changed one has the time at which the server saw the change; the first one that of its source. */
function dated(result: PresentValue, { value, last }: Before, { wall }: Clock): PresentValue {
  if (last?.version === result.version) return { ...result, changedAt: last.changedAt }
  const first = last === undefined && (value === undefined || isPending(value))
  return first ? result : { ...result, changedAt: Math.floor(wall / 1000) }
}

/** `patient`: readers wait for what isn't there yet. `isServed`: has a secret a value? */
export function rulesOf(
  secret: SecretConfig,
  { startTimeout, vaults }: Config,
  patient: boolean,
  isServed: (name: string) => boolean,
): Rules {
  // A template is kept as long as all that it is made of.
  const keeps = secret.source.kind === 'template' && inputsOf(secret.source).every(isServed)
  return {
    startTimeout: patient ? startTimeout * 1000 : 0,
    maxStale: keeps ? Infinity : maxStaleOf(secret, vaults),
  }
}

/** How long the last value is served while its source can't be asked; milliseconds. */
export function maxStaleOf({ source }: SecretConfig, vaults: readonly VaultConfig[]): number {
  if (source.kind === 'exec') return source.maxStale * 1000
  if (source.kind !== 'vault') return 0
  return (vaults.find(({ name }) => name === source.server)?.maxStale ?? 0) * 1000
}
