import { createLog } from '../base/log.ts'
import { loadConfig } from '../config/load.ts'
import { detachUnlessRestarted } from '../daemon/detach.ts'
import type { Command, GlobalOptions } from './command.ts'

interface DetachOptions extends GlobalOptions {
  mountpoint: string | undefined
}

export const command: Command<DetachOptions> = {
  builder: (yargs) =>
    yargs
      .positional('mountpoint', {
        type: 'string',
        describe: 'The mounted folder, instead of the configured one',
      })
      .example('$0 detach', 'the ExecStopPost= of hushfs.service')
      .epilogue(
        'Takes the mount away when the service stops, and leaves it for the next server when it is restarted.',
      ),
  handler: (args) => {
    const mountPoint = args.mountpoint ?? loadConfig(args.config).mountPoint
    detachUnlessRestarted(mountPoint, process.env, createLog())
    return undefined
  },
}
