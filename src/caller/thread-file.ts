import { close, lastErrno, open, pread } from '../sys/libc.ts'

/** Threads whose file stays open; another one with the same remainder takes the place. */
const PLACES = 128
/** No thread has this id. */
const NOBODY = 0
/** O_RDONLY | O_CLOEXEC */
const OPEN_FLAGS = 0o2000000

/**
 * One file of /proc/TID, for any thread. Opening it costs more than reading it, so it stays open for the threads that asked last. What was read is never
 * kept: a descriptor of a file in /proc/TID belongs to the thread (fs/proc/base.c, get_proc_task), not to its number. Each read is made anew from the
 * thread as it is now; when that is gone it fails with ESRCH, whoever has the number by then, and the file is opened by the number again.
 */
export class ThreadFile {
  readonly #root: string
  readonly #name: string
  /** Files that are none of the kernel's say nothing of threads: those are opened each time. */
  readonly #keeps: boolean
  readonly #tids = new Uint32Array(PLACES)
  readonly #fds = new Int32Array(PLACES)
  readonly #notes = new Float64Array(PLACES).fill(NaN)

  constructor(root: string, name: string) {
    this.#root = root
    this.#name = name
    this.#keeps = root === '/proc'
  }

  /** Length of what was read, from the start of the file; a negative number is the errno of why it can't be. */
  read(tid: number, into: Uint8Array): number {
    const place = tid % PLACES
    if (this.#tids[place] === tid) {
      const length = pread(this.#fds[place] ?? -1, into, into.length, 0)
      if (length >= 0) return length
    }
    this.#leave(place)
    const fd = open(`${this.#root}/${tid}/${this.#name}`, OPEN_FLAGS)
    if (fd < 0) return -lastErrno()
    const length = pread(fd, into, into.length, 0)
    const result = length < 0 ? -lastErrno() : length
    if (result < 0 || !this.#keeps) close(fd)
    else this.#keep(place, tid, fd)
    return result
  }

  /** What was noted of the thread since its file was opened, which nothing but this very thread can have had; undefined: nothing. Ask after a read. */
  noteOf(tid: number): number | undefined {
    const note = this.#tids[tid % PLACES] === tid ? this.#notes[tid % PLACES] : undefined
    return note === undefined || Number.isNaN(note) ? undefined : note
  }

  /** Note a number that never changes for a thread. */
  note(tid: number, value: number): void {
    if (this.#tids[tid % PLACES] === tid) this.#notes[tid % PLACES] = value
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
