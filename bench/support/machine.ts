import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'

/** Where and when something was measured. */
export interface Machine {
  readonly date: string
  readonly processor: string
  readonly processors: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly node: string
  readonly libfuse: string
  /** Runnable tasks in the minute before the measurement (proc_loadavg(5)). */
  readonly load: number
}

export function describeMachine(): Machine {
  const all = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: all[0]?.model.trim() ?? 'unknown',
    processors: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    libfuse: execFileSync('pkg-config', ['--modversion', 'fuse3'], { encoding: 'utf8' }).trim(),
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
  }
}

export function machineLine(machine: Machine): string {
  return `${machine.processor} with ${machine.processors} processors, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}, libfuse ${machine.libfuse}`
}

/** The processor that pinned runs use: the last one that this process may run on, as the first serves most interrupts. */
export function lastProcessor(): number {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]
  const last = list?.split(/[,-]/).at(-1)
  if (last === undefined) throw new Error('/proc/self/status: no Cpus_allowed_list')
  return Number(last)
}
