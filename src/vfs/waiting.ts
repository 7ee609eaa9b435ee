import { monotonic } from '../base/monotonic.ts'
import type { InHeader } from '../fuse/wire/kernel.ts'
import { isPending, type EntryValue } from './table.ts'

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
