import { permissionOf, whoPasses, type Permissions } from '../policy/permission.ts'
import { UnitRule, type Decision } from '../policy/evaluate.ts'
import type { Reads, Rule } from '../policy/rules.ts'
import type { Real, Subject } from './explain-subject.ts'

/** What one of the product's rules says of a caller, in the order in which they are asked. */
export interface Verdict {
  readonly rule: 'mode' | 'unit' | 'reads'
  /** `undecided`: it depends on what is unknown of a supposed caller. `skipped`: an earlier rule refused. */
  readonly outcome: 'passes' | 'refuses' | 'undecided' | 'skipped'
  readonly reason: string
}

export interface Asked {
  /** Or why nobody can open it. */
  readonly permissions: Permissions | { readonly unknown: string }
  readonly rule: Rule
  /** What stands against an open by this start of a unit, of the allowances that are left at the mount point. */
  readonly objection: (start: Real['start']) => string | undefined
}

export function explainRules({ permissions, rule, objection }: Asked, subject: Subject): Verdict[] {
  const decision = new UnitRule(rule).decide(subject.caller)
  return [
    { rule: 'mode', ...permissionVerdict(permissions, subject) },
    { rule: 'unit', outcome: decision.allowed ? 'passes' : 'refuses', reason: decision.reason },
    { rule: 'reads', ...readsVerdict(rule.reads, decision, objection, subject) },
  ]
}

type Said = Omit<Verdict, 'rule'>

function permissionVerdict(permissions: Asked['permissions'], { real }: Subject): Said {
  if ('unknown' in permissions) return { outcome: 'refuses', reason: permissions.unknown }
  if (real === undefined) return { outcome: 'undecided', reason: whoPasses(permissions) }
  const { allowed, reason } = permissionOf(permissions, real.credentials)
  return { outcome: allowed ? 'passes' : 'refuses', reason }
}

function readsVerdict(
  reads: Reads,
  decision: Decision,
  objectionTo: Asked['objection'],
  { real }: Subject,
): Said {
  if (!decision.allowed) return { outcome: 'skipped', reason: 'the unit rule refuses' }
  if (reads.kind === 'always') return { outcome: 'passes', reason: 'reads: always' }
  if (decision.rule === 'manager') return { outcome: 'passes', reason: 'PID 1 needs no allowance' }
  if (real === undefined) return { outcome: 'undecided', reason: wordsOf(reads) }
  const objection = objectionTo(real.start)
  return objection === undefined
    ? { outcome: 'passes', reason: wordsOf(reads) }
    : { outcome: 'refuses', reason: objection }
}

function wordsOf(reads: Exclude<Reads, { kind: 'always' }>): string {
  return reads.kind === 'once'
    ? 'reads: once, at the first open after each start of the unit'
    : `reads: startup, for ${reads.seconds} s after each start of the unit`
}
