import { createLog } from '../base/log.ts'
import { detachUnlessRestarted } from '../daemon/detach.ts'
import type { Command } from './command.ts'

export const command: Command = {
  builder: (yargs) =>
    yargs
      .example('$0 detach', 'the ExecStopPost= of hushfs.service')
      .epilogue(
        'Takes the mount away when the service stops, and leaves it for the next server when it is restarted. Needs no configuration.',
      ),
  handler: () => {
    detachUnlessRestarted(process.env, createLog())
    return undefined
  },
}
