import { reasonOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'

/**
 * What to do after an error that nobody catches. Its reason goes to the log; Node would print all of it, with its stack, and what was being worked on may be in its message.
 */
export function onUnforeseen(log: Log, end: () => void): void {
  process.on('uncaughtException', (error) => {
    log.error(`can't go on: ${reasonOf(error)}`)
    end()
  })
}
