import { errno, errnoName } from '../base/errno.ts'
import { close, lastErrno, open, read } from '../sys/libc.ts'
import type { Caller, CallerDetails, Unknown } from './caller.ts'
import { placeCgroup, type InUnit, type Placement } from './cgroup.ts'
import { callerDetails } from './details.ts'
import { pathBelowRoot, pathInHierarchy, type Hierarchy } from './hierarchy.ts'
import { readInvocation, readInvocationId, type Invocation } from './invocation.ts'

export interface IdentifierWorld {
  /** Of the pid namespace in which the filesystem was mounted; default `/proc`. */
  readonly procRoot?: string
  /** What `findHierarchy` found at start. */
  readonly hierarchy: Hierarchy | Unknown
  /** Where systemd notes the invocations of units; default `/run/systemd/units`. */
  readonly unitsFolder?: string
}

/** Room for 13 hierarchies of version 1 with paths of PATH_MAX. */
const BUFFER_BYTES = 64 * 1024
const MAX_PLACEMENTS = 512
/** O_RDONLY | O_CLOEXEC */
const OPEN_FLAGS = 0o2000000

/**
 * Says who a caller is, from one read of /proc/TID/cgroup. Sound while the kernel waits for the answer to the caller's request:
 * a thread can't exit before it, so its id can't be another's. What a thread id means is never remembered.
 */
export class CallerIdentifier {
  readonly #procRoot: string
  readonly #hierarchy: Hierarchy | Unknown
  readonly #unitsFolder: string
  readonly #buffer = Buffer.alloc(BUFFER_BYTES)
  /** By path as bytes (latin1): a placement depends on nothing else. */
  readonly #placements = new Map<string, { cgroup: string; placement: Placement }>()

  constructor(world: IdentifierWorld) {
    this.#procRoot = world.procRoot ?? '/proc'
    this.#hierarchy = world.hierarchy
    this.#unitsFolder = world.unitsFolder ?? '/run/systemd/units'
  }

  /** `tid`, `uid` and `gid` as in the request's header (struct fuse_in_header). Never throws, never waits for another process. */
  identify(tid: number, uid: number, gid: number): Caller | Unknown {
    if (tid === 0) return { unknown: 'the caller is in another pid namespace' }
    if ('unknown' in this.#hierarchy) return this.#hierarchy
    const text = this.#read(tid)
    if (typeof text !== 'string') return text
    const path = pathInHierarchy(text, this.#hierarchy.layout)
    if (path === undefined) return { unknown: `/proc/${tid}/cgroup has no line of systemd's hierarchy` }
    const { cgroup, placement } = this.#place(path, this.#hierarchy)
    return { tid, uid, gid, cgroup, placement }
  }

  /** What else there is to say about the thread; nothing is decided by it. */
  details(tid: number): CallerDetails {
    return callerDetails(tid, this.#procRoot)
  }

  /** The start of the caller's unit; ask while the caller waits for its answer. */
  invocation(placement: InUnit): Invocation | undefined {
    if ('unknown' in this.#hierarchy) return undefined
    return readInvocation(placement, this.#hierarchy, this.#unitsFolder)
  }

  /** systemd's id of that start; nothing is decided by it. */
  invocationId(placement: InUnit): string | undefined {
    if ('unknown' in this.#hierarchy) return undefined
    return readInvocationId(placement, this.#hierarchy, this.#unitsFolder)
  }

  #read(tid: number): string | Unknown {
    const fd = open(`${this.#procRoot}/${tid}/cgroup`, OPEN_FLAGS)
    if (fd < 0) return failed(tid)
    const length = read(fd, this.#buffer, BUFFER_BYTES)
    const failure = length < 0 ? failed(tid) : undefined
    close(fd)
    if (failure !== undefined) return failure
    if (length === BUFFER_BYTES) return { unknown: `/proc/${tid}/cgroup is too long` }
    return this.#buffer.toString('latin1', 0, length)
  }

  #place(path: string, hierarchy: Hierarchy): { cgroup: string; placement: Placement } {
    const known = this.#placements.get(path)
    if (known !== undefined) return known
    const bytes = Buffer.from(path, 'latin1')
    const cgroup = bytes.toString('utf8')
    const below = pathBelowRoot(hierarchy, cgroup)
    const placement =
      below === undefined
        ? { none: 'its cgroup is outside of the one in which systemd runs' }
        : placeCgroup(below)
    const placed = { cgroup, placement }
    if (this.#placements.size === MAX_PLACEMENTS) this.#placements.clear()
    // A copy: `path` is a part of the whole text and would keep it in memory.
    this.#placements.set(bytes.toString('latin1'), placed)
    return placed
  }
}

function failed(tid: number): Unknown {
  const code = lastErrno()
  if (code === errno.ENOENT || code === errno.ESRCH) return { unknown: `there is no thread ${tid}` }
  return { unknown: `/proc/${tid}/cgroup can't be read: ${errnoName(code)}` }
}
