import type { Log } from '../base/log.ts'
import { detachMount, mountsOf } from './mounting.ts'
import { jobOf, ownUnit } from './own-unit.ts'

/** How the server ended, as systemd tells ExecStopPost= (systemd.exec(5)). */
export interface Ending {
  readonly EXIT_CODE?: string | undefined
  readonly EXIT_STATUS?: string | undefined
}

/** The exit status for wrong usage or configuration: RestartPreventExitStatus= of the unit. */
const NO_RESTART = '2'

/** Does another server take the mount over? When the unit is restarted, or ended by itself, unless it can't go on with this configuration. */
export function goesOn(job: string | undefined, { EXIT_CODE, EXIT_STATUS }: Ending): boolean {
  if (job === 'stop') return false
  return job !== undefined || EXIT_CODE !== 'exited' || EXIT_STATUS !== NO_RESTART
}

/** The service's last step, as root in the host's mount namespace: take the mount away, lazily, unless another server takes it over. */
export function detachUnlessRestarted(ending: Ending, log: Log): void {
  const unit = ownUnit()
  if (goesOn(jobOf(unit), ending)) return
  for (const place of mountsOf(unit)) if (detachMount(place)) log.info(`unmounted ${place}`)
}
