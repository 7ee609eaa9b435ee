import { version } from '../base/version.ts'
import type { Entries } from './entries.ts'
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
  entries: Pick<Entries, 'generation' | 'total' | 'pending' | 'failing'>,
  reloads: StatusFacts['reloads'],
  troubles: Troubles,
): StatusFacts {
  const failing = entries.failing.map(({ name, reason }) =>
    trouble(name, reason, troubles.failing.get(name)?.since),
  )
  const stale = [...troubles.stale].map(([name, { since, reason }]) => trouble(name, reason, since))
  return {
    version,
    pid: process.pid,
    ...running,
    generation: entries.generation,
    secrets: {
      total: entries.total,
      failing: failing.length,
      stale: stale.length,
      pending: entries.pending,
    },
    failing,
    stale,
    reloads,
  }
}

function trouble(name: string, reason: string, since: number | undefined): Trouble {
  return { name, reason, since: since === undefined ? null : new Date(since).toISOString() }
}
