import { readFileSync } from 'node:fs'

/** One line of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export interface MountEntry {
  readonly id: number
  /** `MAJOR:MINOR` of st_dev; the minor number is the name of the connection in /sys/fs/fuse/connections. */
  readonly device: string
  readonly mountPoint: string
  readonly options: string
  /** With subtype, as `fuse.hushfs`. */
  readonly type: string
  readonly source: string
}

/** The mounts of this process's mount namespace, in the order in which they were mounted. Asks no filesystem. */
export function readMounts(file = '/proc/self/mountinfo'): MountEntry[] {
  return readFileSync(file, 'latin1').split('\n').flatMap(parseLine)
}

function parseLine(line: string): MountEntry[] {
  const [left = '', right = ''] = line.split(' - ')
  const [id, , device, , mountPoint, options] = left.split(' ')
  const [type, source] = right.split(' ')
  if (id === undefined || device === undefined || mountPoint === undefined || options === undefined) return []
  if (type === undefined || type === '' || source === undefined) return []
  return [
    { id: Number(id), device, mountPoint: unescape(mountPoint), options, type, source: unescape(source) },
  ]
}

/** The kernel writes space, tab, newline and backslash as three octal digits (fs/proc_namespace.c, mangle). */
function unescape(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** The mount that covers exactly this path: the last one wins. */
export function mountAt(path: string, mounts: readonly MountEntry[] = readMounts()): MountEntry | undefined {
  return mounts.findLast((entry) => entry.mountPoint === path)
}
