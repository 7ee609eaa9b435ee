import { readdirSync, readFileSync } from 'node:fs'

/** The process that was started with `mountPoint` as an argument. Throws when there is none. */
export function serverOf(mountPoint: string): number {
  const found = readdirSync('/proc').find(
    (name) => /^[0-9]+$/.test(name) && argumentsOf(name).includes(mountPoint),
  )
  if (found === undefined) throw new Error(`no server of ${mountPoint}`)
  return Number(found)
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** Processor time of all threads so far, user and system, in microseconds: from the scheduler, so not by ticks (proc_pid_schedstat). */
export function processorTime(pid: number): number {
  return tasksOf(pid)
    .map((task) => Number(readFileSync(`${task}/schedstat`, 'latin1').split(' ')[0]) / 1000)
    .reduce((sum, time) => sum + time, 0)
}

/** How often its threads have gone to sleep by themselves so far: at most that often they were woken. */
export function sleeps(pid: number): number {
  return tasksOf(pid)
    .map((task) =>
      Number(/^voluntary_ctxt_switches:\t([0-9]+)$/m.exec(readFileSync(`${task}/status`, 'latin1'))?.[1]),
    )
    .reduce((sum, count) => sum + count, 0)
}

/** Of a process whose threads don't end meanwhile. */
function tasksOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((tid) => `/proc/${pid}/task/${tid}`)
}
