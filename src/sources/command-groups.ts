/** Process groups of commands that run: a group of its own hears nothing of the signals that end us, so it is killed from here. */
const groups = new Set<number>()
const ENDING = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** Have the group die when a signal ends this process. The function kills it now, and forgets it. */
export function killedWithUs(group: number): () => void {
  if (groups.size === 0) for (const signal of ENDING) process.on(signal, endAll)
  groups.add(group)
  return () => {
    killGroup(group)
    groups.delete(group)
    if (groups.size === 0) for (const signal of ENDING) process.off(signal, endAll)
  }
}

/** Nothing happens when nobody of the group is left. */
export function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // ESRCH: all of them have ended.
  }
}

/** What the signal would have done without us, afterwards. */
function endAll(signal: NodeJS.Signals): void {
  for (const group of groups) killGroup(group)
  for (const one of ENDING) process.off(one, endAll)
  process.kill(process.pid, signal)
}
