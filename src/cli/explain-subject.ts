import { UsageError } from '../base/errors.ts'
import type { Caller, CallerDetails, Unknown } from '../caller/caller.ts'
import { placeCgroup, type InUnit } from '../caller/cgroup.ts'
import { readCredentials, type Credentials } from '../caller/credentials.ts'
import { findHierarchy } from '../caller/hierarchy.ts'
import { CallerIdentifier } from '../caller/identify.ts'
import { isUnitName } from '../caller/unit-name.ts'
import type { Accounts } from '../sys/accounts.ts'
import type { UnitStart } from '../vfs/allowances.ts'

/** Whose access is explained: a thread that exists, or a unit that may not even run. */
export interface Subject {
  readonly caller: Caller | Unknown
  /** Of a real one. */
  readonly real: Real | undefined
}

export interface Real {
  readonly tid: number
  readonly credentials: Credentials
  readonly details: CallerDetails
  /** Its unit's start. */
  readonly start: UnitStart | undefined
  /** INVOCATION_ID of that start. */
  readonly invocation: string | undefined
}

/** A process or thread, as the server would see it now. Throws `UsageError` when there is none. */
export function realSubject(pid: string): Subject {
  const tid = Number(pid)
  const credentials = /^[1-9][0-9]{0,9}$/.test(pid) ? readCredentials(tid) : undefined
  if (credentials === undefined) throw new UsageError(`there is no process or thread ${pid}`)
  const identifier = new CallerIdentifier({ hierarchy: findHierarchy() })
  const caller = identifier.identify(tid, credentials.uid, credentials.gid)
  const details = identifier.details(tid)
  const placement = inUnit(caller)
  const noted = placement && identifier.invocation(placement)
  const start = placement && noted && { ...noted, unitPath: placement.unitPath }
  const invocation = placement && identifier.invocationId(placement)
  return { caller, real: { tid, credentials, details, start, invocation } }
}

/** Some process of a unit; `USER/UNIT` is a unit of that user's manager. Throws `UsageError` when there can't be one. */
export function supposedSubject(name: string, accounts: Accounts): Subject {
  const slash = name.indexOf('/')
  const unit = name.slice(slash + 1)
  if (!isUnitName(unit)) {
    const isTemplate = isUnitName(unit.replace('@.', '@i.'))
    throw new UsageError(
      isTemplate ? `${unit} is a template: name an instance` : `${unit} is not the name of a unit`,
      { hint: 'a unit is named as postgresql.service, backup@daily.service or alice/syncthing.service' },
    )
  }
  const path = slash === -1 ? cgroupOf(unit) : `${managerOf(name.slice(0, slash), accounts)}${cgroupOf(unit)}`
  const tid = path === '/init.scope' ? MANAGER_TID : SOME_TID
  // Identity is decided by the unit alone; owner, group and mode are explained for any user.
  return { caller: { tid, uid: 0, gid: 0, cgroup: path, placement: placeCgroup(path) }, real: undefined }
}

/** The unit that the caller is in. */
export function inUnit(caller: Caller | Unknown): InUnit | undefined {
  return 'placement' in caller && 'unit' in caller.placement ? caller.placement : undefined
}

const MANAGER_TID = 1
const SOME_TID = 2

/** A leading `_` is doubled, as systemd does (cg_escape). */
function cgroupOf(unit: string): string {
  return unit.startsWith('_') ? `/_${unit}` : `/${unit}`
}

function managerOf(user: string, accounts: Accounts): string {
  const uid = accounts.uid(user)
  if (uid === undefined) throw new UsageError(`user ${user} is not in /etc/passwd`)
  return `/user@${uid}.service`
}
