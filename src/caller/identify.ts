import { statSync } from 'node:fs'
import { errno, errnoName } from '../base/errno.ts'
import type { Caller, CallerDetails, Unknown } from './caller.ts'
import { CgroupIds, NO_ID } from './cgroup-ids.ts'
import { placeCgroup, type InUnit, type Placement } from './cgroup.ts'
import { DetailsReader } from './details.ts'
import { pathBelowRoot, pathInHierarchy, type Hierarchy } from './hierarchy.ts'
import { readInvocation, readInvocationId, type Invocation } from './invocation.ts'
import { threadFile, type PerThread } from './per-thread.ts'

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
/** What is remembered: so many texts, of at most so many bytes. */
const MAX_PLACEMENTS = 512
const MAX_TEXT = 4096

/**
 * Says who a caller is: from the id of its cgroup, where the kernel gives it and this cgroup was met before, else from one read of /proc/TID/cgroup. Sound while
 * the kernel waits for the answer to the caller's request: a thread can't exit before it, so its id can't be another's. What a thread id means is never remembered.
 */
export class CallerIdentifier {
  readonly #cgroupFile: PerThread
  /** Undefined where the id of the version 2 cgroup is of no use. */
  readonly #cgroupIds: CgroupIds | undefined
  readonly #details: DetailsReader
  readonly #hierarchy: Hierarchy | Unknown
  readonly #unitsFolder: string
  readonly #buffer = Buffer.alloc(BUFFER_BYTES)
  /** By the text of /proc/TID/cgroup: a placement depends on nothing else. */
  readonly #placements = new Map<string, Placed>()
  /** By the id of the cgroup, whose path never changes; undefined for one whose folder isn't seen. */
  readonly #placementsById = new Map<number, Placed | undefined>()

  constructor(world: IdentifierWorld) {
    const procRoot = world.procRoot ?? '/proc'
    this.#cgroupFile = threadFile(procRoot, 'cgroup')
    const hasIds = procRoot === '/proc' && 'layout' in world.hierarchy && world.hierarchy.layout !== 'legacy'
    this.#cgroupIds = hasIds ? CgroupIds.ifTold() : undefined
    this.#details = new DetailsReader(procRoot)
    this.#hierarchy = world.hierarchy
    this.#unitsFolder = world.unitsFolder ?? '/run/systemd/units'
  }

  /** `tid`, `uid` and `gid` as in the request's header (struct fuse_in_header). Never throws, never waits for another process. */
  identify(tid: number, uid: number, gid: number): Caller | Unknown {
    if (tid === 0) return { unknown: 'the caller is in another pid namespace' }
    if ('unknown' in this.#hierarchy) return this.#hierarchy
    const id = this.#cgroupIds?.of(tid) ?? NO_ID
    const placed = this.#placementsById.get(id) ?? this.#findOut(tid, id, this.#hierarchy)
    if ('unknown' in placed) return placed
    return { tid, uid, gid, cgroup: placed.cgroup, placement: placed.placement }
  }

  /** What else there is to say about the thread; nothing is decided by it. */
  details(tid: number): CallerDetails {
    return this.#details.read(tid)
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

  #findOut(tid: number, id: number, hierarchy: Hierarchy): Placed | Unknown {
    const text = this.#read(tid)
    if (typeof text !== 'string') return text
    const placed = this.#placements.get(text) ?? this.#place(text, hierarchy)
    if (placed === undefined) return { unknown: `/proc/${tid}/cgroup has no line of systemd's hierarchy` }
    if (id !== NO_ID && !this.#placementsById.has(id)) this.#remember(id, placed, hierarchy)
    return placed
  }

  /** The thread may have moved between the two answers: only what the folder itself says is remembered. */
  #remember(id: number, placed: Placed, { mountPoint }: Hierarchy): void {
    const inode = inodeOf(`${mountPoint}${placed.cgroup}`)
    if (inode !== undefined && inode !== id) return
    if (this.#placementsById.size === MAX_PLACEMENTS) this.#placementsById.clear()
    this.#placementsById.set(id, inode === id ? placed : undefined)
  }

  #read(tid: number): string | Unknown {
    const length = this.#cgroupFile.ask(tid, this.#buffer)
    if (length < 0) return failed(tid, -length)
    if (length === BUFFER_BYTES) return { unknown: `/proc/${tid}/cgroup is too long` }
    return this.#buffer.toString('latin1', 0, length)
  }

  #place(text: string, hierarchy: Hierarchy): Placed | undefined {
    const path = pathInHierarchy(text, hierarchy.layout)
    if (path === undefined) return undefined
    const cgroup = Buffer.from(path, 'latin1').toString('utf8')
    const below = pathBelowRoot(hierarchy, cgroup)
    const placement =
      below === undefined
        ? { none: 'its cgroup is outside of the one in which systemd runs' }
        : placeCgroup(below)
    const placed = { cgroup, placement }
    if (this.#placements.size === MAX_PLACEMENTS) this.#placements.clear()
    if (text.length <= MAX_TEXT) this.#placements.set(text, placed)
    return placed
  }
}

function inodeOf(folder: string): number | undefined {
  try {
    return statSync(folder, { throwIfNoEntry: false })?.ino
  } catch {
    // Not for the server's eyes.
    return undefined
  }
}

interface Placed {
  readonly cgroup: string
  readonly placement: Placement
}

function failed(tid: number, code: number): Unknown {
  if (code === errno.ENOENT || code === errno.ESRCH) return { unknown: `there is no thread ${tid}` }
  return { unknown: `/proc/${tid}/cgroup can't be read: ${errnoName(code)}` }
}
