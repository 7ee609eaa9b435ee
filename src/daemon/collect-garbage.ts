import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | undefined

/**
 * Have V8 collect this thread's garbage now. What a load leaves behind waits for a full collection, which a thread that allocates little else puts off until dozens of MiB are
 * there; buffers, such as the 64 KiB of each read of a pipe, hardly count with it.
 */
export function collectGarbage(): void {
  collect ??= collector()
  collect()
}

/** The flag is taken back at once: V8 refuses code caches that were made under other flags. */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  try {
    return runInNewContext('gc') as () => void
  } finally {
    setFlagsFromString('--no-expose-gc')
  }
}
