import { spawn } from 'node:child_process'
import { reasonOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Terms } from '../config/config.ts'

/** Units that consume changed secrets, each once; a unit that is to be restarted isn't reloaded too. */
export interface UnitChanges {
  readonly restart: readonly string[]
  readonly reload: readonly string[]
}

interface Consumers {
  readonly terms: Pick<Terms, 'restartUnits' | 'reloadUnits'>
}

export function unitChanges(secrets: readonly Consumers[]): UnitChanges {
  const restart = new Set(secrets.flatMap(({ terms }) => terms.restartUnits))
  const reload = new Set(
    secrets.flatMap(({ terms }) => terms.reloadUnits).filter((unit) => !restart.has(unit)),
  )
  return { restart: [...restart], reload: [...reload] }
}

/** Have systemd restart and reload those of the units that run, without waiting for them. Needs root. */
export function applyUnitChanges({ restart, reload }: UnitChanges, log: Log): void {
  tell('try-restart', restart, log)
  tell('try-reload-or-restart', reload, log)
}

/** The descriptors of this process are none of systemctl's. */
function tell(verb: string, units: readonly string[], log: Log): void {
  if (units.length === 0) return
  log.info(`systemctl ${verb} ${units.join(' ')}`)
  const child = spawn('systemctl', ['--no-block', verb, '--', ...units], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  child.once('error', (error) => {
    log.error(`systemctl ${verb} ${units.join(' ')}: ${reasonOf(error)}`)
  })
  child.once('exit', (status) => {
    if (status !== 0) log.error(`systemctl ${verb} ${units.join(' ')}: exit status ${status ?? 'unknown'}`)
  })
}
