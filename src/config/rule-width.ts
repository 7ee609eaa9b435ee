import type { ReadsRule, Terms } from './config.ts'

type UnitRule = Pick<Terms, 'units' | 'userUnits' | 'manager' | 'reads'>

/** What of a template's rule lets more in than a secret's does. */
export interface Wider {
  readonly key: 'units' | 'userUnits' | 'manager' | 'reads'
  /** In words that follow "wider than the secret NAME: ". */
  readonly reason: string
}

/**
 * How a rule may let in a caller whom the rule of `secret` refuses; undefined when it can't. Each pattern must be covered by one pattern of the
 * secret, so some rules that are no wider are refused too: those that take several patterns together to cover one.
 */
export function widerThan(secret: UnitRule, rule: UnitRule): Wider | undefined {
  const units = isRestricted(secret) ? widerUnits(secret, rule) : undefined
  return units ?? widerReads(secret.reads, rule.reads)
}

function isRestricted({ units, userUnits }: UnitRule): boolean {
  return units !== undefined || userUnits !== undefined
}

function widerUnits(secret: UnitRule, rule: UnitRule): Wider | undefined {
  if (!isRestricted(rule)) return { key: 'units', reason: 'it has a unit rule, and this has none' }
  const unit = rule.units?.find((pattern) => !secret.units?.some((other) => covers(other, pattern)))
  if (unit !== undefined)
    return { key: 'units', reason: `\`${unit}\` is not covered by one of its \`units\`` }
  const user = rule.userUnits?.find(
    (pattern) => !secret.userUnits?.some((other) => coversUser(other, pattern)),
  )
  if (user !== undefined)
    return { key: 'userUnits', reason: `\`${user}\` is not covered by one of its \`userUnits\`` }
  if (rule.manager && !secret.manager)
    return { key: 'manager', reason: 'it has `manager: false`, and this lets PID 1 read' }
  return undefined
}

/** The user is part of a pattern, and no glob. */
function coversUser(wide: string, narrow: string): boolean {
  const [wideUser, wideUnit] = split(wide)
  const [user, unit] = split(narrow)
  return wideUser === user && covers(wideUnit, unit)
}

function split(pattern: string): [user: string, unit: string] {
  const slash = pattern.indexOf('/')
  return [pattern.slice(0, slash), pattern.slice(slash + 1)]
}

/**
 * Does `wide` match every text that `narrow` matches? True only when it does: a `*` of `narrow` is taken for a character that only a `*`
 * matches, and its `?` for one that `?` and `*` match.
 */
export function covers(wide: string, narrow: string): boolean {
  const pattern = ordered(wide)
  const text = ordered(narrow)
  // reachable[j]: the pattern so far matches the first j characters.
  let reachable = [true, ...Array<boolean>(text.length).fill(false)]
  for (const c of pattern) {
    const next = [c === '*' && reachable[0] === true]
    for (let j = 1; j <= text.length; j++) {
      const d = text[j - 1]
      const one = reachable[j - 1] === true && (c === d || (c === '?' && d !== '*'))
      next.push(c === '*' ? reachable[j] === true || next[j - 1] === true : one)
    }
    reachable = next
  }
  return reachable[text.length] === true
}

/** One form of runs of wildcards that match the same: `*?*` as `?*`. */
function ordered(pattern: string): string {
  return pattern.replace(/[*?]+/g, (run) => {
    const stars = run.includes('*') ? '*' : ''
    return `${run.replaceAll('*', '')}${stars}`
  })
}

function widerReads(secret: ReadsRule, rule: ReadsRule): Wider | undefined {
  const isWithin =
    secret.kind === 'always' ||
    (secret.kind === 'once' && rule.kind === 'once') ||
    (secret.kind === 'startup' && rule.kind === 'startup' && rule.seconds <= secret.seconds)
  if (isWithin) return undefined
  const limit = secret.kind === 'startup' ? `{startup: ${secret.seconds}s}` : secret.kind
  return { key: 'reads', reason: `it has \`reads: ${limit}\`, and this lets a unit read more often or later` }
}
