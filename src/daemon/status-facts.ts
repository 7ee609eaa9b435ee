import { version } from '../base/version.ts'
import { isPending, type SecretEntry, type SecretTable } from '../vfs/table.ts'
import type { StatusFacts } from './worker-protocol.ts'

/** What stays the same as long as the server runs. */
export interface Running {
  readonly mountPoint: string
  readonly config: string
  readonly startedAt: string
}

function failingOf(secrets: readonly SecretEntry[]): { name: string; reason: string }[] {
  return secrets.flatMap(({ name, value }) => ('failing' in value ? [{ name, reason: value.failing }] : []))
}

export function statusFacts(
  running: Running,
  table: SecretTable | undefined,
  reloads: StatusFacts['reloads'],
): StatusFacts {
  const secrets = table?.secrets ?? []
  const failing = failingOf(secrets)
  return {
    version,
    pid: process.pid,
    ...running,
    generation: table?.generation ?? 0,
    secrets: {
      total: secrets.length,
      failing: failing.length,
      pending: secrets.filter(({ value }) => isPending(value)).length,
    },
    failing,
    reloads,
  }
}
