import type { Cleanup } from './cleanup.ts'

/**
 * Measure every subject in each round, starting with another one every time, so that what disturbs the machine falls on all alike. The first
 * round doesn't count. Returns the samples of each subject, in the order of the rounds.
 */
export async function interleave<Subject, Sample>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject) => Promise<Sample>,
  cleanup: Cleanup,
): Promise<Map<Subject, Sample[]>> {
  const samples = new Map<Subject, Sample[]>(subjects.map((subject) => [subject, []]))
  for (let round = -1; round < rounds; round++) {
    const first = Math.max(round, 0) % subjects.length
    for (const subject of [...subjects.slice(first), ...subjects.slice(0, first)]) {
      cleanup.signal.throwIfAborted()
      const sample = await measure(subject)
      if (round >= 0) samples.get(subject)?.push(sample)
    }
  }
  return samples
}

/** Each sample divided by that of the other subject in the same round. */
export function ratios(of: readonly number[], to: readonly number[]): number[] {
  return of.map((value, round) => value / (to[round] ?? NaN))
}
