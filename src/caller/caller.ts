import type { Placement } from './cgroup.ts'

/** The thread on whose behalf the kernel asks. */
export interface Caller {
  /** Thread id in the server's pid namespace. */
  readonly tid: number
  readonly uid: number
  readonly gid: number
  /** Path of its cgroup in systemd's hierarchy, as the kernel shows it to the server. */
  readonly cgroup: string
  readonly placement: Placement
}

/** A caller of whom nothing can be said; the reason is in words. Every unit rule refuses it. */
export interface Unknown {
  readonly unknown: string
}

/** For audit and `explain`. */
export interface CallerDetails {
  /** The process of the thread. */
  readonly pid: number | undefined
  /** The thread's name, which it can change itself: bytes of the process's choosing. */
  readonly comm: string | undefined
  /** Undefined where the server may not look. */
  readonly exe: string | undefined
}
