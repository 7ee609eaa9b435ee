import type { Config, SecretConfig, Terms } from '../config/config.ts'
import { isRestricted, NO_RULE, type Rule } from '../policy/rules.ts'
import type { Accounts } from '../sys/accounts.ts'
import type { EntryValue, SecretEntry, SecretTable, TableHead } from '../vfs/table.ts'

const ROOT = 0
const NOT_OPENED = { failing: 'it was not opened' }

/** A table from a configuration and the values in the order of the configuration; one that is missing was not opened. */
export function loadTable(
  config: Config,
  makeEntry: MakeEntry,
  values: readonly (EntryValue | undefined)[],
  previous: SecretTable | undefined,
  now: number,
): SecretTable {
  const secrets = config.secrets.map((secret, index) => makeEntry(secret, values[index] ?? NOT_OPENED))
  return { ...headOf(config, previous, now), secrets }
}

/** `now`: seconds since 1970. */
export function headOf(config: Config, previous: SecretTable | undefined, now: number): TableHead {
  return {
    generation: (previous?.generation ?? 0) + 1,
    directoryMode: config.directoryMode,
    changedAt: previous !== undefined && hasNames(previous, config) ? previous.changedAt : now,
  }
}

/** Makes the entry of a secret that has this value. */
export type MakeEntry = (secret: SecretConfig, value: EntryValue) => SecretEntry

/** Accounts are looked up once for all secrets with the same terms. */
export function entryMaker(accounts: Accounts): MakeEntry {
  const known = new Map<Terms, Access>()
  return ({ name, terms }, value) => {
    let found = known.get(terms)
    if (found === undefined) known.set(terms, (found = accessOf(terms, accounts)))
    const { uid, gid, mode, rule, problem } = found
    return { name, uid, gid, mode, rule, value: problem ?? value }
  }
}

interface Access extends Pick<SecretEntry, 'uid' | 'gid' | 'mode' | 'rule'> {
  /** What stands for the value of such a secret. */
  readonly problem: EntryValue | undefined
}

/** An account that doesn't exist fails its secret; the file is root's then, and its rule lets no user unit in. */
function accessOf(terms: Terms, accounts: Accounts): Access {
  const { owner, group, mode } = terms
  const uid = accounts.uid(owner)
  const gid = accounts.gid(group)
  const { rule, unknownUser } = ruleOf(terms, accounts)
  const failing = (problem: EntryValue) => ({ uid: ROOT, gid: ROOT, mode, rule, problem })
  if (uid === undefined) return failing(unknownAccount('owner', owner))
  if (gid === undefined) return failing(unknownAccount('group', group))
  if (unknownUser !== undefined) return failing(unknownAccount('user', unknownUser))
  return { uid, gid, mode, rule, problem: undefined }
}

/** The rule with users as numbers, and the first user that doesn't exist. */
export function ruleOf(
  { units, userUnits: patterns, manager, reads }: Pick<Terms, 'units' | 'userUnits' | 'manager' | 'reads'>,
  accounts: Accounts,
): { rule: Rule; unknownUser: string | undefined } {
  let unknownUser: string | undefined
  const userUnits = patterns?.flatMap((pattern) => {
    const slash = pattern.indexOf('/')
    const user = pattern.slice(0, slash)
    const uid = accounts.uid(user)
    if (uid !== undefined) return [{ uid, unit: pattern.slice(slash + 1) }]
    unknownUser ??= user
    return []
  })
  const rule = { units, userUnits, manager, reads }
  // One object for nearly all: it goes to the worker once.
  const isNone = !isRestricted(rule) && manager && reads.kind === 'always'
  return { rule: isNone ? NO_RULE : rule, unknownUser }
}

/** The reason as `status`, `check` and the log give it. */
export function unknownAccount(what: 'owner' | 'group' | 'user', name: string | number): { failing: string } {
  const file = what === 'group' ? '/etc/group' : '/etc/passwd'
  return { failing: `${what} ${name} is not in ${file}` }
}

function hasNames({ secrets: before }: SecretTable, { secrets }: Config): boolean {
  const names = new Set(before.map(({ name }) => name))
  return names.size === secrets.length && secrets.every(({ name }) => names.has(name))
}
