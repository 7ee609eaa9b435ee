const FIRST = 1000

/**
 * Milliseconds until the next try after so many failures (from 1): a second, doubled at each failure up to `most`, with jitter between the half and the whole, so that
 * many don't come at once. `random` is 0 to 1.
 */
export function backoff(failures: number, most: number, random = Math.random()): number {
  return Math.min(most, FIRST * 2 ** (failures - 1)) * (0.5 + random / 2)
}
