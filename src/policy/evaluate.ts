import type { Caller, Unknown } from '../caller/caller.ts'
import { globMatches, globsIntersect, hasWildcard } from './glob.ts'
import { isRestricted, type Rule, type UserUnit } from './rules.ts'

/** What a decision rests on: the part of the product's rules by which it was made. */
export type RuleName = 'none' | 'manager' | 'units' | 'userUnits' | 'reads'

export interface Decision {
  readonly allowed: boolean
  readonly rule: RuleName
  /** In words, for audit and `explain`. */
  readonly reason: string
}

/** The unit in whose cgroup PID 1 is. */
const MANAGER_UNIT = 'init.scope'
const MANAGER_TID = 1

/** Names that were decided are remembered, up to this many per rule: the answer is a pure function of the name. */
const MOST_REMEMBERED = 256

/** A rule made ready to be asked: as fast with ten thousand patterns as with one. */
export class UnitRule {
  readonly rule: Rule
  /** False: owner, group and mode are all, and nobody asks for the caller. */
  readonly restricted: boolean
  readonly #units: Matcher
  readonly #userUnits: ReadonlyMap<number, Matcher>

  constructor(rule: Rule) {
    this.rule = rule
    this.restricted = isRestricted(rule)
    this.#units = new Matcher(rule.units ?? [])
    this.#userUnits = byUser(rule.userUnits ?? [])
  }

  /** May this caller read, as far as it depends on who it is? Anything that can't be decided is a denial. */
  decide(caller: Caller | Unknown): Decision {
    if (!this.restricted) return noRule
    if ('unknown' in caller) return deny('units', caller.unknown)
    const { placement } = caller
    if ('none' in placement) return deny('units', placement.none)
    const { unit, userUnit, userUid } = placement
    if (unit === MANAGER_UNIT && caller.tid === MANAGER_TID) {
      return this.rule.manager
        ? allow('manager', 'PID 1 may read')
        : deny('manager', 'manager: false refuses PID 1')
    }
    const matched = this.#units.match(unit)
    if (matched !== undefined) return allow('units', `${unit} matches ${matched}`)
    const userMatched = this.#matchUserUnit(userUid, userUnit)
    if (userMatched !== undefined)
      return allow('userUnits', `${userUnit ?? ''} of user ${userUid ?? ''} matches ${userMatched}`)
    return deny('units', `${unit} is none of the units that may read`)
  }

  /** May `unit` read, by its name alone? A template stands for its instances: true when one of them may. */
  mayUnit(unit: string): boolean {
    if (!this.restricted) return true
    const at = unit.indexOf('@.')
    return at === -1
      ? this.#units.match(unit) !== undefined
      : this.#units.intersects(`${unit.slice(0, at)}@*${unit.slice(at + 1)}`)
  }

  #matchUserUnit(uid: number | undefined, unit: string | undefined): string | undefined {
    if (uid === undefined || unit === undefined) return undefined
    return this.#userUnits.get(uid)?.match(unit)
  }
}

const noRule: Decision = { allowed: true, rule: 'none', reason: 'no unit rule' }

function allow(rule: RuleName, reason: string): Decision {
  return { allowed: true, rule, reason }
}

function deny(rule: RuleName, reason: string): Decision {
  return { allowed: false, rule, reason }
}

function byUser(userUnits: readonly UserUnit[]): Map<number, Matcher> {
  const patterns = new Map<number, string[]>()
  for (const { uid, unit } of userUnits) patterns.set(uid, [...(patterns.get(uid) ?? []), unit])
  return new Map([...patterns].map(([uid, list]) => [uid, new Matcher(list)]))
}

/** Patterns of unit names: plain ones by hash, globs one by one, and what was found by memory. */
class Matcher {
  readonly #plain: ReadonlySet<string>
  readonly #globs: readonly string[]
  readonly #found = new Map<string, string | undefined>()

  constructor(patterns: readonly string[]) {
    this.#plain = new Set(patterns.filter((pattern) => !hasWildcard(pattern)))
    this.#globs = patterns.filter(hasWildcard)
  }

  /** The pattern that matches, or undefined. */
  match(unit: string): string | undefined {
    if (this.#plain.has(unit)) return unit
    if (this.#globs.length === 0) return undefined
    if (this.#found.has(unit)) return this.#found.get(unit)
    const found = this.#globs.find((pattern) => globMatches(pattern, unit))
    if (this.#found.size >= MOST_REMEMBERED) this.#found.clear()
    this.#found.set(unit, found)
    return found
  }

  intersects(pattern: string): boolean {
    return [...this.#plain, ...this.#globs].some((other) => globsIntersect(other, pattern))
  }
}
