import { errno } from '../base/errno.ts'
import { close, lastErrno, open, read, readlink, tgkill } from '../sys/libc.ts'
import type { CallerDetails } from './caller.ts'

/** Longer than any path (PATH_MAX) and than /proc/PID/status. */
const buffer = Buffer.alloc(8192)
/** O_RDONLY | O_CLOEXEC */
const OPEN_FLAGS = 0o2000000

/**
 * What else there is to say about a thread, for audit and `explain`; nothing is decided by it. Fields that can't be read are undefined. Asks /proc only, and
 * not for what waits for the memory map of the process (cmdline, environ). By raw calls: it is done at every open.
 */
export function callerDetails(tid: number, procRoot = '/proc'): CallerDetails {
  return {
    pid: processOf(tid, procRoot),
    comm: commOf(tid, procRoot),
    exe: readLink(`${procRoot}/${tid}/exe`),
  }
}

/** A thread that leads its process has the process's id; only of others is the long status asked. */
function processOf(tid: number, procRoot: string): number | undefined {
  if (procRoot === '/proc' && (tgkill(tid, tid, 0) === 0 || lastErrno() === errno.EPERM)) return tid
  const id = /^Tgid:\t([0-9]+)$/m.exec(readFile(`${procRoot}/${tid}/status`) ?? '')?.[1]
  return id === undefined ? undefined : Number(id)
}

function commOf(tid: number, procRoot: string): string | undefined {
  return readFile(`${procRoot}/${tid}/comm`)?.slice(0, -1)
}

function readFile(path: string): string | undefined {
  const fd = open(path, OPEN_FLAGS)
  if (fd < 0) return undefined
  const length = read(fd, buffer, buffer.length)
  close(fd)
  return length < 0 ? undefined : buffer.toString('utf8', 0, length)
}

/** The target of a symbolic link. */
export function readLink(path: string): string | undefined {
  const length = readlink(path, buffer, buffer.length)
  return length < 0 ? undefined : buffer.toString('utf8', 0, length)
}
