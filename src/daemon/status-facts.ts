import { version } from '../base/version.ts'
import { isPresent, type SecretTable } from '../vfs/table.ts'
import type { StatusFacts } from './worker-protocol.ts'

/** What stays the same as long as the server runs. */
export interface Running {
  readonly mountPoint: string
  readonly config: string
  readonly startedAt: string
}

export function failingOf(table: SecretTable): { name: string; reason: string }[] {
  return table.secrets.flatMap(({ name, value }) =>
    isPresent(value) ? [] : [{ name, reason: value.failing }],
  )
}

export function statusFacts(
  running: Running,
  table: SecretTable,
  reloads: StatusFacts['reloads'],
): StatusFacts {
  const failing = failingOf(table)
  return {
    version,
    pid: process.pid,
    ...running,
    generation: table.generation,
    secrets: { total: table.secrets.length, failing: failing.length },
    failing,
    reloads,
  }
}
