import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'

const WINDOW = 4 << 20

/** The processes that `pid` is the parent of, and theirs. */
export function descendants(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(name) }))
  const below = (of: number): number[] =>
    parents.filter(({ parent }) => parent === of).flatMap((child) => [child.pid, ...below(child.pid)])
  return below(pid)
}

/** From /proc/PID/status, proc_pid_status(5); 0 for a process that is gone. */
function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** Copies of each needle in all memory that a process can read, by the needle's index. Needs CAP_SYS_PTRACE. */
export function copiesInMemory(pid: number, needles: readonly Uint8Array[]): number[] {
  const counts = needles.map(() => 0)
  const overlap = Math.max(...needles.map(({ length }) => length)) - 1
  const window = Buffer.alloc(WINDOW + overlap)
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  try {
    for (const [start, end] of readableRegions(pid)) {
      for (let at = start; at < end; at += WINDOW) {
        const read = readAt(memory, window, Math.min(window.length, end - at), at)
        needles.forEach((needle, index) => {
          // What starts in the overlap is found by the next window.
          const starts = occurrences(window.subarray(0, read), needle).filter((found) => found < WINDOW)
          counts[index] = (counts[index] ?? 0) + starts.length
        })
      }
    }
  } finally {
    closeSync(memory)
    window.fill(0)
  }
  return counts
}

/** From /proc/PID/maps. Addresses above 2^47 are no memory of a process (vsyscall). */
function readableRegions(pid: number): [start: number, end: number][] {
  return readFileSync(`/proc/${pid}/maps`, 'latin1')
    .split('\n')
    .flatMap((line): [number, number][] => {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) r/.exec(line) ?? []
      if (from === undefined || to === undefined || /\[(vvar|vvar_vclock|vsyscall)\]$/.test(line)) return []
      return [[parseInt(from, 16), parseInt(to, 16)]]
    })
}

/** Bytes that could be read; none of a region that is gone by now. */
function readAt(memory: number, into: Buffer, length: number, at: number): number {
  try {
    return readSync(memory, into, 0, length, at)
  } catch {
    return 0
  }
}

function occurrences(bytes: Buffer, needle: Uint8Array): number[] {
  const found: number[] = []
  for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at + 1)) found.push(at)
  return found
}
