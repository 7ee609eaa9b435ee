/**
 * The unit rule of a secret, as it goes with the table: names only, so that it can be cloned between threads. Users are numbers
 * already (config's `alice/unit` was resolved at load).
 */
export interface Rule {
  /** Globs of unit names; undefined: no unit rule (unless there is one of user units). */
  readonly units: readonly string[] | undefined
  readonly userUnits: readonly UserUnit[] | undefined
  /** May PID 1 itself read? */
  readonly manager: boolean
  readonly reads: Reads
}

export interface UserUnit {
  readonly uid: number
  /** Glob of names of that user manager's units. */
  readonly unit: string
}

/** How often, and for how long after its start, a unit may open the secret. */
export type Reads =
  | { readonly kind: 'always' }
  | { readonly kind: 'once' }
  | { readonly kind: 'startup'; readonly seconds: number }

/** No rule: owner, group and mode are all. */
export const NO_RULE: Rule = {
  units: undefined,
  userUnits: undefined,
  manager: true,
  reads: { kind: 'always' },
}

/** Does who reads depend on the unit at all? */
export function isRestricted(rule: Rule): boolean {
  return rule.units !== undefined || rule.userUnits !== undefined
}
