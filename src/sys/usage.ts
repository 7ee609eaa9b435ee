import { fail, libc } from './libc.ts'

const getrusage = libc.func('int getrusage(int who, void *usage)') as (
  who: number,
  usage: Uint8Array,
) => number

const RUSAGE_THREAD = 1
/** struct rusage: two struct timeval, then fourteen long. */
const RUSAGE_BYTES = 144
const NIVCSW_AT = 136
const usage = Buffer.alloc(RUSAGE_BYTES)

/** How often the calling thread had to leave the processor to another thread while it had work (getrusage(2), ru_nivcsw). Throws `SystemError`. */
export function timesPreempted(): number {
  if (getrusage(RUSAGE_THREAD, usage) !== 0) fail('getrusage')
  return usage.readUInt32LE(NIVCSW_AT)
}
