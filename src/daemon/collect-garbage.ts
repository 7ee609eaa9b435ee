import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | undefined

/**
 * Have V8 collect this thread's garbage now, and move what is left together. What a load leaves behind waits for a full collection, which a thread that allocates little
 * else puts off until dozens of MiB are there; buffers, such as the 64 KiB of each read of a pipe, hardly count with it.
 */
export function collectGarbage(): void {
  collect ??= withFlag('expose-gc', () => runInNewContext('gc') as () => void)
  withFlag('compact-on-every-full-gc', collect)
}

/** The flag is taken back at once: V8 refuses code caches that were made under other flags. */
function withFlag<T>(flag: string, task: () => T): T {
  setFlagsFromString(`--${flag}`)
  try {
    return task()
  } finally {
    setFlagsFromString(`--no-${flag}`)
  }
}
