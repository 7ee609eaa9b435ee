import { monotonic } from '../base/monotonic.ts'
import { PARKED, type Refusal } from '../fuse/handler.ts'
import type { InHeader } from '../fuse/wire/kernel.ts'
import { isPending, type EntryValue } from './table.ts'
import type { SecretFile } from './secrets.ts'

const MANAGER = 1
/** Milliseconds. */
const PATIENCE_OF_MANAGER = 2000

/**
 * Does whoever asks for this value wait for it? The main thread ends the wait of all others. PID 1 (for EnvironmentFile=) isn't let wait for long:
 * meanwhile it does nothing else on the machine, and may be what the value waits for.
 */
export function mustWait(value: EntryValue, { pid }: InHeader): boolean {
  return isPending(value) && (pid !== MANAGER || monotonic() - value.since < PATIENCE_OF_MANAGER)
}

/** The secrets that readers wait for: each is told of once, so that it is opened before the others. */
export class Awaited {
  readonly #tell: (name: string) => void
  /** By node id. */
  readonly #files = new Set<number>()

  constructor(tell: (name: string) => void) {
    this.#tell = tell
  }

  park(file: SecretFile): typeof PARKED {
    if (!this.#files.has(file.id)) this.#tell(file.path)
    this.#files.add(file.id)
    return PARKED
  }

  /** An answer as it is, unless it is to wait. */
  orPark(file: SecretFile, answer: number | Refusal | typeof PARKED): number | Refusal | typeof PARKED {
    return answer === PARKED ? this.park(file) : answer
  }

  /** The secret with this node id has a value now. */
  settled(id: number): void {
    this.#files.delete(id)
  }

  clear(): void {
    this.#files.clear()
  }
}
