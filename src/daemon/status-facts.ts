import { version } from '../base/version.ts'
import { isPending, type SecretTable } from '../vfs/table.ts'
import type { StatusFacts, Trouble } from './worker-protocol.ts'

/** What stays the same as long as the server runs. */
export interface Running {
  readonly mountPoint: string
  readonly config: string
  readonly startedAt: string
}

/** Secrets that fail, and those whose last value is served; by name. Since when: milliseconds since 1970. */
export interface Troubles {
  readonly failing: ReadonlyMap<string, { readonly since: number }>
  readonly stale: ReadonlyMap<string, { readonly since: number; readonly reason: string }>
}

export function statusFacts(
  running: Running,
  table: SecretTable | undefined,
  reloads: StatusFacts['reloads'],
  troubles: Troubles,
): StatusFacts {
  const secrets = table?.secrets ?? []
  const failing = secrets.flatMap(({ name, value }): Trouble[] =>
    'failing' in value ? [trouble(name, value.failing, troubles.failing.get(name)?.since)] : [],
  )
  const stale = [...troubles.stale].map(([name, { since, reason }]) => trouble(name, reason, since))
  return {
    version,
    pid: process.pid,
    ...running,
    generation: table?.generation ?? 0,
    secrets: {
      total: secrets.length,
      failing: failing.length,
      stale: stale.length,
      pending: secrets.filter(({ value }) => isPending(value)).length,
    },
    failing,
    stale,
    reloads,
  }
}

function trouble(name: string, reason: string, since: number | undefined): Trouble {
  return { name, reason, since: since === undefined ? null : new Date(since).toISOString() }
}
