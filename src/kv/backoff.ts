/** Milliseconds before attempt `failures` + 1: from a second, doubled at each failure up to `most`, with jitter between the half and the whole. */
export function backoff(failures: number, most: number): number {
  const whole = Math.min(most, 1000 * 2 ** Math.min(failures - 1, 20))
  return whole * (0.5 + Math.random() / 2)
}
