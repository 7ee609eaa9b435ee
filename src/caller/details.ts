import { readFileSync, readlinkSync } from 'node:fs'
import type { CallerDetails } from './caller.ts'

/**
 * What else there is to say about a thread, for audit and `explain`; nothing is decided by it. Fields that can't be read are
 * undefined. Asks /proc only, and not for what waits for the memory map of the process (cmdline, environ).
 */
export function callerDetails(tid: number, procRoot = '/proc'): CallerDetails {
  const status = readOr(() => readFileSync(`${procRoot}/${tid}/status`, 'utf8')) ?? ''
  const pid = /^Tgid:\t([0-9]+)$/m.exec(status)?.[1]
  return {
    pid: pid === undefined ? undefined : Number(pid),
    comm: /^Name:\t(.*)$/m.exec(status)?.[1],
    exe: readOr(() => readlinkSync(`${procRoot}/${tid}/exe`)),
  }
}

function readOr(read: () => string): string | undefined {
  try {
    return read()
  } catch {
    // Gone, or not for the server's eyes.
    return undefined
  }
}
