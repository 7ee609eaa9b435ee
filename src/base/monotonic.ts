/** Milliseconds on a clock that nobody sets and that all threads share (CLOCK_MONOTONIC). */
export function monotonic(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}
