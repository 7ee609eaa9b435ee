import { readFileSync } from 'node:fs'
import { readLink } from './details.ts'

/** What the kernel looks at when it checks owner, group and mode (credentials(7)). */
export interface Credentials {
  readonly uid: number
  readonly gid: number
  /** Supplementary groups. */
  readonly groups: readonly number[]
  /** Effective capabilities in the reader's user namespace, as a bit set (capabilities(7)). */
  readonly capabilities: bigint
}

/**
 * Credentials of a thread by its /proc/TID/status (proc_pid_status(5)): the filesystem ids, which are the fourth of each. Undefined: there is no
 * such thread, or its status isn't of that form.
 */
export function readCredentials(tid: number, procRoot = '/proc'): Credentials | undefined {
  let status: string
  try {
    status = readFileSync(`${procRoot}/${tid}/status`, 'latin1')
  } catch {
    return undefined
  }
  const uid = /^Uid:(?:\t[0-9]+){3}\t([0-9]+)$/m.exec(status)?.[1]
  const gid = /^Gid:(?:\t[0-9]+){3}\t([0-9]+)$/m.exec(status)?.[1]
  const groups = /^Groups:\t([0-9 ]*)$/m.exec(status)?.[1]
  const capabilities = /^CapEff:\t([0-9a-f]+)$/m.exec(status)?.[1]
  if (uid === undefined || gid === undefined || groups === undefined || capabilities === undefined)
    return undefined
  return {
    uid: Number(uid),
    gid: Number(gid),
    groups: groups.split(' ').filter(Boolean).map(Number),
    capabilities: inOtherUserNamespace(tid, procRoot) ? 0n : BigInt(`0x${capabilities}`),
  }
}

/** Capabilities there hold for the ids that are mapped there only (user_namespaces(7)). A namespace that can't be seen is taken for ours. */
function inOtherUserNamespace(tid: number, procRoot: string): boolean {
  const theirs = readLink(`${procRoot}/${tid}/ns/user`)
  return theirs !== undefined && theirs !== readLink(`${procRoot}/self/ns/user`)
}
