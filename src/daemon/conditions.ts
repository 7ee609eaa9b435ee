import { backoff } from '../base/backoff.ts'
import type { SecretConfig, SourceSpec } from '../config/config.ts'
import { ageOf, type Clock, type Verdict } from './judge.ts'
import type { Note } from './notes.ts'
import { Schedule, spread } from './schedule.ts'
import type { Troubles } from './status-facts.ts'

/** Between two tries to open it; milliseconds. */
const LONGEST_BACKOFF = 60_000

/** How a secret is that has no fresh value, since when and why, and how often its source was asked in vain. */
export interface Condition {
  readonly state: Verdict['state']
  readonly since: Clock
  readonly reason: string
  readonly attempts: number
}

export interface Circumstances {
  /** How long its last value may be kept; milliseconds. */
  readonly maxStale: number
  /** It is a template, and a secret of a vault in it has no value now. */
  readonly lacksVault: boolean
}

/** The condition of each secret that has no fresh value, by name, and when it is to be opened, or judged, again. */
export class Conditions {
  readonly schedule = new Schedule()
  readonly #conditions = new Map<string, Condition>()

  get(name: string): Condition | undefined {
    return this.#conditions.get(name)
  }

  get troubles(): Troubles {
    const inState = (wanted: Verdict['state']) =>
      new Map(
        [...this.#conditions].flatMap(([name, { state, since, reason }]) =>
          state === wanted ? [[name, { since: since.wall, reason }] as const] : [],
        ),
      )
    return { failing: inState('failing'), stale: inState('stale') }
  }

  /** Keep what a verdict says and plan what comes next; returns a note for the log when something is new. */
  note({ name, source }: SecretConfig, verdict: Verdict, circumstances: Circumstances, now: Clock): Note[] {
    const { state, retry, reason = '' } = verdict
    const before = this.#conditions.get(name)
    const since = before?.state === state ? before.since : now
    const attempts = retry ? (before?.attempts ?? 0) + 1 : 0
    const condition = { state, since, reason, attempts }
    if (state === 'fresh') this.#conditions.delete(name)
    else this.#conditions.set(name, condition)
    const pause = pauseAfter(condition, source, circumstances, now)
    if (pause === undefined) this.schedule.delete(name)
    else this.schedule.set(name, now.monotonic + pause)
    if (before === undefined && state === 'fresh') return []
    if (before?.state === state && before.reason === reason) return []
    return [{ secret: name, text: textOf(state, reason) }]
  }

  /** Forget all others. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#conditions.keys()) if (!names.has(name)) this.#conditions.delete(name)
    this.schedule.keep(names)
  }
}

/** Milliseconds until it is opened again, or judged again; undefined: that isn't for the time to say. */
function pauseAfter(
  { state, since, attempts }: Condition,
  source: SourceSpec,
  { maxStale, lacksVault }: Circumstances,
  now: Clock,
): number | undefined {
  if (attempts === 0) return refreshOf(source)
  // The value of the vault will bring the template.
  if (lacksVault) return undefined
  const pause = backoff(attempts, LONGEST_BACKOFF)
  if (source.kind !== 'vault' || state !== 'stale') return pause
  return Math.max(0, Math.min(pause, maxStale - ageOf(since, now)))
}

/** Milliseconds after which the source is asked again although it answered. The fetch child asks vaults by itself. */
function refreshOf(source: SourceSpec): number | undefined {
  if (source.kind !== 'exec' || source.refresh === undefined) return undefined
  return spread(source.refresh * 1000, Math.random())
}

function textOf(state: Verdict['state'], reason: string): string {
  if (state === 'fresh') return 'it is served again'
  if (state === 'stale') return `its last value is served: ${reason}`
  return state === 'waiting' ? `it is not there yet: ${reason}` : reason
}
