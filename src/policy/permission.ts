import type { Credentials } from '../caller/credentials.ts'

/** What stat(2) shows of a secret and of the directories above it, which are root's. */
export interface Permissions {
  readonly uid: number
  readonly gid: number
  /** Permission bits. */
  readonly mode: number
  readonly directoryMode: number
}

/** What the kernel decides before it asks the server, and why. */
export interface Permission {
  readonly allowed: boolean
  readonly reason: string
}

const READ = 4
const SEARCH = 1
/** CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (linux/capability.h): either reads and searches everything. */
const READS_ALL = (1n << 1n) | (1n << 2n)

/** Owner, group and mode as the kernel checks them (fs/namei.c, generic_permission). */
export function permissionOf(file: Permissions, credentials: Credentials): Permission {
  const folder = { uid: 0, gid: 0, mode: file.directoryMode }
  const own = classOf(file, credentials)
  if ((credentials.capabilities & READS_ALL) !== 0n)
    return { allowed: true, reason: 'its capabilities pass any mode' }
  if ((bitsOf(folder, credentials) & SEARCH) === 0)
    return { allowed: false, reason: `directories of mode ${octal(file.directoryMode)} keep it out` }
  const allowed = (bitsOf(file, credentials) & READ) !== 0
  return {
    allowed,
    reason: `it is ${own}: mode ${octal(file.mode)} ${allowed ? 'lets' : "doesn't let"} it read`,
  }
}

/** Who passes, for a caller whose user isn't known. */
export function whoPasses({ uid, gid, mode, directoryMode }: Permissions): string {
  const classes = [
    ...((mode & 0o400) === 0 ? [] : [`uid ${uid}`]),
    ...((mode & 0o040) === 0 ? [] : [`gid ${gid}`]),
    ...((mode & 0o004) === 0 ? [] : ['all others']),
  ]
  const searched = (directoryMode & SEARCH) === 0 ? ', as far as they may search the directories' : ''
  const capable = 'CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH'
  if (classes.length === 0) return `mode ${octal(mode)} lets only ${capable} read`
  return `mode ${octal(mode)} lets ${classes.join(', ')} read, and ${capable}${searched}`
}

type Inode = Pick<Permissions, 'uid' | 'gid' | 'mode'>

/** The first class that fits decides alone. */
function classOf({ uid, gid }: Inode, credentials: Credentials): 'the owner' | 'in the group' | 'another' {
  if (credentials.uid === uid) return 'the owner'
  return credentials.gid === gid || credentials.groups.includes(gid) ? 'in the group' : 'another'
}

const shifts = { 'the owner': 6, 'in the group': 3, another: 0 }

function bitsOf(inode: Inode, credentials: Credentials): number {
  return (inode.mode >> shifts[classOf(inode, credentials)]) & 7
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
