import { cgroupIdIn, openThread, THREAD_INFO_BYTES, threadInfo } from '../sys/pidfd.ts'
import { PerThread } from './per-thread.ts'

/** The kernel doesn't tell. */
export const NO_ID = 0

/** Ids of the version 2 cgroups in which threads are, each asked for anew: one short system call, where /proc/TID/cgroup takes as long as it has lines. */
export class CgroupIds {
  readonly #info = new Uint8Array(THREAD_INFO_BYTES)
  readonly #view = new DataView(this.#info.buffer)
  readonly #threads = new PerThread({ open: openThread, ask: threadInfo })

  /** Undefined where the kernel doesn't tell of this very process: it is older than 6.13, or a filter of system calls is too narrow. */
  static ifTold(): CgroupIds | undefined {
    const ids = new CgroupIds()
    return ids.of(process.pid) === NO_ID ? undefined : ids
  }

  of(tid: number): number {
    return this.#threads.ask(tid, this.#info) === 0 ? cgroupIdIn(this.#view) : NO_ID
  }
}
