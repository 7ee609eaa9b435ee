import type { Invocation } from '../caller/invocation.ts'
import type { Reads } from '../policy/rules.ts'

/** Where used `once` allowances outlive the server: one line per use, written before the open is answered. */
export interface AllowanceLog {
  append(line: string): void
}

/** One start of a unit, and the cgroup path of the unit. */
export type UnitStart = Invocation & {
  readonly unitPath: string
  /** Which request asks, where one does. */
  readonly request?: string
}

/** Milliseconds since 1970, and milliseconds of a clock that nobody sets. */
export interface Clocks {
  readonly wall: () => number
  readonly monotonic: () => number
}

const MOST_SEEN = 10_000

/**
 * What is left of `reads: startup` and `reads: once`, per start of a unit. `undefined` means that nothing stands against the open, else the words say what does.
 */
export class Allowances {
  readonly #log: AllowanceLog
  readonly #clocks: Clocks
  /** What was used, to the request that used it. */
  readonly #used: Map<string, string>
  /** When each invocation was first asked about, by the monotonic clock. */
  readonly #seen = new Map<string, number>()

  /** `used`: the lines of an earlier server's log. */
  constructor(used: readonly string[], log: AllowanceLog, clocks: Clocks) {
    this.#used = new Map(used.map(parseUse))
    this.#log = log
    this.#clocks = clocks
  }

  /** Would the allowance refuse this open? Takes nothing. A request that the kernel sends again, because the server that allowed it died, is the same open. */
  objection(secret: string, reads: Reads, invocation: UnitStart | undefined): string | undefined {
    if (reads.kind === 'always') return undefined
    if (invocation === undefined) return "the start of the caller's unit can't be told"
    if (reads.kind === 'startup') return this.#late(reads.seconds, invocation)
    const user = this.#used.get(useOf(secret, invocation))
    return user === undefined || user === invocation.request
      ? undefined
      : 'reads: once, and this start of the unit has opened it'
  }

  /** Use up what `objection` allowed. Throws when it can't be written down; the open must then be refused. */
  take(secret: string, reads: Reads, invocation: UnitStart | undefined): void {
    if (reads.kind !== 'once' || invocation === undefined) return
    const { request = '' } = invocation
    const use = useOf(secret, invocation)
    if (this.#used.has(use)) return
    this.#log.append(`${use}\t${request}`)
    this.#used.set(use, request)
  }

  #late(seconds: number, { key, startedAt }: UnitStart): string | undefined {
    const age = this.#clocks.wall() - startedAt
    if (age < 0) return "the clock was set back since the caller's unit started"
    const limit = seconds * 1000
    const known = this.#clocks.monotonic() - this.#firstSeen(key)
    return Math.max(age, known) > limit
      ? `reads: startup, and the unit started more than ${seconds} s ago`
      : undefined
  }

  #firstSeen(key: string): number {
    const seen = this.#seen.get(key) ?? this.#clocks.monotonic()
    // The oldest goes: its wall clock age decides alone from then on.
    if (this.#seen.size >= MOST_SEEN) this.#seen.delete(this.#seen.keys().next().value ?? '')
    this.#seen.set(key, seen)
    return seen
  }
}

/** A line is a use and the request, with tabs between: key of the invocation, cgroup of the unit, secret, request. */
function parseUse(line: string): [string, string] {
  const fields = line.split('\t')
  return [fields.slice(0, 3).join('\t'), fields[3] ?? '']
}

function useOf(secret: string, { key, unitPath }: UnitStart): string {
  return `${key}\t${unitPath}\t${secret}`
}
