import { setTimeout } from 'node:timers/promises'

const LIMIT = 10_000
const PAUSE = 5

/** Ask again until `condition` holds; throws when it doesn't within ten seconds, or `limit` milliseconds. For states of the kernel that no event tells. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limit = LIMIT,
): Promise<void> {
  const end = Date.now() + limit
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`)
    await setTimeout(PAUSE)
  }
}
