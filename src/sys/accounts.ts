import { readFileSync } from 'node:fs'

/** Owners as numbers. */
export interface Accounts {
  /** The uid of a user; a number is itself; undefined: no such user. */
  uid(user: string | number): number | undefined
  /** The gid of a group, likewise. */
  gid(group: string | number): number | undefined
}

/** (uid_t) -1 is no id: chown(2) takes it for "no change". */
const LAST_ID = 0xfffffffe

/**
 * Read passwd(5) and group(5) themselves, never NSS: a name service of systemd would be asked, and a server that waits for
 * PID 1 while PID 1 waits for the server stops the machine. Throws the error of Node when a file can't be read.
 */
export function loadAccounts(passwdFile = '/etc/passwd', groupFile = '/etc/group'): Accounts {
  const users = idsOf(readFileSync(passwdFile, 'utf8'), 7)
  const groups = idsOf(readFileSync(groupFile, 'utf8'), 4)
  return { uid: (user) => resolve(user, users), gid: (group) => resolve(group, groups) }
}

/** The third field by the first; lines with another number of fields or a bad number are skipped, the first entry of a name counts. */
function idsOf(text: string, fields: number): Map<string, number> {
  const ids = new Map<string, number>()
  for (const line of text.split('\n')) {
    const parts = line.split(':')
    const [name, , id] = parts
    if (parts.length !== fields || !name || id === undefined) continue
    const number = numberOf(id)
    if (number !== undefined && !ids.has(name)) ids.set(name, number)
  }
  return ids
}

/** As chown(1): a name first, then digits as a number. */
function resolve(account: string | number, ids: ReadonlyMap<string, number>): number | undefined {
  return typeof account === 'number' ? validId(account) : (ids.get(account) ?? numberOf(account))
}

function numberOf(digits: string): number | undefined {
  if (!/^[0-9]{1,10}$/.test(digits)) return undefined
  return validId(Number(digits))
}

function validId(number: number): number | undefined {
  return Number.isInteger(number) && number >= 0 && number <= LAST_ID ? number : undefined
}
