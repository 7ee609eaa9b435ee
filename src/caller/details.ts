import { errno } from '../base/errno.ts'
import { lastErrno, open, readlink, readlinkat, tgkill } from '../sys/libc.ts'
import type { CallerDetails } from './caller.ts'
import { PerThread, threadFile } from './per-thread.ts'
import { LastText } from './last-text.ts'

/** Longer than any path (PATH_MAX) and than /proc/PID/status. */
const buffer = Buffer.alloc(8192)
/** O_PATH | O_CLOEXEC */
const OPEN_FLAGS = 0o12000000
const EXE = Buffer.from('exe\0')

/**
 * What else there is to say about a thread, for audit and `explain`; nothing is decided by it. Fields that can't be read are undefined. Asks /proc only, and
 * not for what waits for the memory map of the process (cmdline, environ). By raw calls: it is done at every open.
 */
export class DetailsReader {
  readonly #procRoot: string
  readonly #comm: PerThread
  readonly #status: PerThread
  /** The target of the link `exe` in the folder of a thread: shorter from there than by the whole path. */
  readonly #exe: PerThread
  readonly #lastComm = new LastText()
  readonly #lastExe = new LastText()

  constructor(procRoot = '/proc') {
    this.#procRoot = procRoot
    this.#comm = threadFile(procRoot, 'comm')
    this.#status = threadFile(procRoot, 'status')
    const exe = {
      open: (tid: number) => open(`${procRoot}/${tid}`, OPEN_FLAGS),
      ask: (fd: number, into: Uint8Array) => readlinkat(fd, EXE, into, into.length),
    }
    this.#exe = new PerThread(exe, procRoot === '/proc')
  }

  read(tid: number): CallerDetails {
    const length = this.#comm.ask(tid, buffer)
    // The name ends with a newline of the kernel's.
    const comm = length < 1 ? undefined : this.#lastComm.of(buffer, length - 1)
    return { pid: this.#comm.noteOf(tid) ?? this.#processOf(tid), comm, exe: this.#exeOf(tid) }
  }

  #exeOf(tid: number): string | undefined {
    const length = this.#exe.ask(tid, buffer)
    return length < 0 ? undefined : this.#lastExe.of(buffer, length)
  }

  #processOf(tid: number): number | undefined {
    const pid = this.#findProcess(tid)
    if (pid !== undefined) this.#comm.note(tid, pid)
    return pid
  }

  /** A thread that leads its process has the process's id; only of others is the long status asked. */
  #findProcess(tid: number): number | undefined {
    if (this.#procRoot === '/proc' && (tgkill(tid, tid, 0) === 0 || lastErrno() === errno.EPERM)) return tid
    const id = /^Tgid:\t([0-9]+)$/m.exec(textOf(this.#status, tid) ?? '')?.[1]
    return id === undefined ? undefined : Number(id)
  }
}

function textOf(file: PerThread, tid: number): string | undefined {
  const length = file.ask(tid, buffer)
  return length < 0 ? undefined : buffer.toString('utf8', 0, length)
}

/** The target of a symbolic link. */
export function readLink(path: string): string | undefined {
  const length = readlink(path, buffer, buffer.length)
  return length < 0 ? undefined : buffer.toString('utf8', 0, length)
}
