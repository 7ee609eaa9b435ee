import { close, lastErrno, open, pread } from '../sys/libc.ts'

/** How to open something that belongs to a thread, and how to ask it. Results below 0 are failures, of which errno is told. */
interface Kind {
  open(tid: number): number
  /** Puts the answer into `into`. */
  ask(fd: number, into: Uint8Array): number
}

/** Threads for which a descriptor stays open; another one with the same remainder takes the place. */
const PLACES = 128
/** No thread has this id. */
const NOBODY = 0

/**
 * A descriptor for any thread. Opening it costs more than asking it, so it stays open for the threads that asked last. What it has answered is never
 * kept: the descriptor belongs to the thread (the kernel's struct pid), not to its number. Each answer is made anew from the thread as it is now; when that is gone
 * asking fails with ESRCH, whoever has the number by then, and the number is opened again.
 */
export class PerThread {
  readonly #kind: Kind
  readonly #keeps: boolean
  readonly #tids = new Uint32Array(PLACES)
  readonly #fds = new Int32Array(PLACES)
  readonly #notes = new Float64Array(PLACES).fill(NaN)

  /** `keeps` is false for what says nothing of threads: it is opened each time. */
  constructor(kind: Kind, keeps = true) {
    this.#kind = kind
    this.#keeps = keeps
  }

  /** What asking gives, at least 0; a negative number is the errno of why it can't be done. */
  ask(tid: number, into: Uint8Array): number {
    const place = tid % PLACES
    if (this.#tids[place] === tid) {
      const result = this.#kind.ask(this.#fds[place] ?? -1, into)
      if (result >= 0) return result
    }
    return this.#askAnew(place, tid, into)
  }

  /** What was noted of the thread since its descriptor was opened, which nothing but this very thread can have had; undefined: nothing. Ask first. */
  noteOf(tid: number): number | undefined {
    const note = this.#tids[tid % PLACES] === tid ? this.#notes[tid % PLACES] : undefined
    return note === undefined || Number.isNaN(note) ? undefined : note
  }

  /** Note a number that never changes for a thread. */
  note(tid: number, value: number): void {
    if (this.#tids[tid % PLACES] === tid) this.#notes[tid % PLACES] = value
  }

  #askAnew(place: number, tid: number, into: Uint8Array): number {
    this.#leave(place)
    const fd = this.#kind.open(tid)
    if (fd < 0) return -lastErrno()
    const answer = this.#kind.ask(fd, into)
    const result = answer < 0 ? -lastErrno() : answer
    if (result < 0 || !this.#keeps) close(fd)
    else this.#keep(place, tid, fd)
    return result
  }

  #keep(place: number, tid: number, fd: number): void {
    this.#tids[place] = tid
    this.#fds[place] = fd
    this.#notes[place] = NaN
  }

  #leave(place: number): void {
    if (this.#tids[place] === NOBODY) return
    close(this.#fds[place] ?? -1)
    this.#tids[place] = NOBODY
  }
}

/** O_RDONLY | O_CLOEXEC */
const OPEN_FLAGS = 0o2000000

/**
 * The start of a file of /proc/TID: asking gives its length, at most that of the buffer. Only the kernel's own files belong to threads
 * (fs/proc/base.c, get_proc_task).
 */
export function threadFile(root: string, name: string): PerThread {
  const kind = {
    open: (tid: number) => open(`${root}/${tid}/${name}`, OPEN_FLAGS),
    ask: (fd: number, into: Uint8Array) => pread(fd, into, into.length, 0),
  }
  return new PerThread(kind, root === '/proc')
}
