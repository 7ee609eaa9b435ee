/** What a measurement leaves in the system is undone in reverse order, however it ends: Ctrl-C and failure too. */
export interface Cleanup {
  /** Aborted by SIGINT, SIGTERM and SIGHUP: give it to every wait. */
  readonly signal: AbortSignal
  defer(undo: () => void | Promise<void>): void
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Runs `body`, then everything that it deferred; a step that fails is told and doesn't stop the next. */
export async function withCleanup<T>(body: (cleanup: Cleanup) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const undos: (() => void | Promise<void>)[] = []
  const abort = (name: NodeJS.Signals) => controller.abort(new Error(`stopped by ${name}`))
  for (const name of signals) process.on(name, abort)
  try {
    return await body({ signal: controller.signal, defer: (undo) => undos.push(undo) })
  } catch (error) {
    // Not the AbortError of whatever was waiting, but why.
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    for (const undo of undos.reverse()) {
      try {
        await undo()
      } catch (error) {
        console.error('bench: cleaning up:', error)
      }
    }
    for (const name of signals) process.off(name, abort)
  }
}
