import type { Config, SecretConfig } from '../config/config.ts'
import { isRestricted, NO_RULE, type Rule } from '../policy/rules.ts'
import type { Accounts } from '../sys/accounts.ts'
import type { EntryValue, SecretEntry, SecretTable, TableHead } from '../vfs/table.ts'

const ROOT = 0
const NOT_OPENED = { failing: 'it was not opened' }

/** A table from a configuration, the accounts of the host, and the values in the order of the configuration; one that is missing was not opened. */
export function loadTable(
  config: Config,
  accounts: Accounts,
  values: readonly (EntryValue | undefined)[],
  previous: SecretTable | undefined,
  now: number,
): SecretTable {
  const secrets = config.secrets.map((secret, index) =>
    entryOf(secret, accounts, values[index] ?? NOT_OPENED),
  )
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

/** An account that doesn't exist fails its secret; the file is root's then, and its rule lets no user unit in. */
export function entryOf(secret: SecretConfig, accounts: Accounts, value: EntryValue): SecretEntry {
  const { name, mode } = secret
  const uid = accounts.uid(secret.owner)
  const gid = accounts.gid(secret.group)
  const { rule, unknownUser } = ruleOf(secret, accounts)
  const failing = (problem: EntryValue) => ({ name, mode, uid: ROOT, gid: ROOT, rule, value: problem })
  if (uid === undefined) return failing(unknownAccount('owner', secret.owner))
  if (gid === undefined) return failing(unknownAccount('group', secret.group))
  if (unknownUser !== undefined) return failing(unknownAccount('user', unknownUser))
  return { name, mode, uid, gid, rule, value }
}

/** The rule with users as numbers, and the first user that doesn't exist. */
export function ruleOf(
  secret: Pick<SecretConfig, 'units' | 'userUnits' | 'manager' | 'reads'>,
  accounts: Accounts,
): { rule: Rule; unknownUser: string | undefined } {
  let unknownUser: string | undefined
  const userUnits = secret.userUnits?.flatMap((pattern) => {
    const slash = pattern.indexOf('/')
    const user = pattern.slice(0, slash)
    const uid = accounts.uid(user)
    if (uid !== undefined) return [{ uid, unit: pattern.slice(slash + 1) }]
    unknownUser ??= user
    return []
  })
  const { units, manager, reads } = secret
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
