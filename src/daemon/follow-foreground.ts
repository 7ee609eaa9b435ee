import type { Log } from '../base/log.ts'
import type { Follow } from './server.ts'
import { applyUnitChanges, unitChanges } from './unit-changes.ts'

/** What follows in a server that runs as root and leaves nothing to another one. */
export function followForeground(log: Log): Follow {
  return {
    known: undefined,
    changed: (secrets) => {
      applyUnitChanges(unitChanges(secrets), log)
    },
    loaded: () => undefined,
    retrying: () => undefined,
  }
}
