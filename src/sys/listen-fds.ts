import { closeOnExec } from './libc.ts'

/** The first descriptor that a service gets (sd_listen_fds(3)). */
const FIRST = 3

/**
 * The descriptors that systemd passes on to this process or to its parent, by name; programs that this process starts don't get them. Empty where there are none.
 */
export function listenFds(
  env: NodeJS.ProcessEnv = process.env,
  pids: readonly number[] = [process.pid, process.ppid],
): ReadonlyMap<string, number> {
  const count = Number(env['LISTEN_FDS'] ?? 0)
  if (!Number.isSafeInteger(count) || !pids.includes(Number(env['LISTEN_PID']))) return new Map()
  const names = (env['LISTEN_FDNAMES'] ?? '').split(':')
  const fds = Array.from({ length: count }, (_, index) => FIRST + index)
  fds.forEach(closeOnExec)
  return new Map(fds.map((fd, index) => [names[index] ?? 'unknown', fd]))
}
