import { SourceError, UnavailableError } from '../../../src/base/errors.ts'
import { factsIn, leaseOf, lookedUp, mountOf, refusal } from '../../../src/kv/answers.ts'
import { readingOf } from '../../../src/kv/client.ts'
import type { Target } from '../target.ts'

const isExpected = (error: unknown) => error instanceof SourceError || error instanceof UnavailableError
const STATUSES = [200, 200, 200, 400, 403, 404, 429, 503, 301] as const

/** The body of an answer behind a byte that stands for its status. */
export const target: Target = {
  run: (input) => {
    const answer = { status: STATUSES[(input[0] ?? 0) % STATUSES.length] ?? 200, body: input.subarray(1) }
    const readings = [
      () => leaseOf(answer, ['secret']),
      () => lookedUp(answer, 'token'),
      () => mountOf(answer),
      () => factsIn(answer, undefined),
      () => factsIn(answer, 2),
      () => refusal(answer, ['secret']),
      ...([1, 2] as const).map((version) => () => {
        const reading = readingOf(Buffer.from(answer.body), { path: 'kv/', version })
        for (const name of ['password', 'n']) attempt(() => reading.field(name))
        reading.wipe()
      }),
    ]
    readings.forEach(attempt)
  },
  expects: isExpected,
}

function attempt(reading: () => unknown): void {
  try {
    reading()
  } catch (error) {
    if (!isExpected(error)) throw error
  }
}
