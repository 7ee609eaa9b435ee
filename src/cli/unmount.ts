import { MountError } from '../base/errors.ts'
import { loadConfig } from '../config/load.ts'
import { canonical } from '../daemon/mount-point.ts'
import { detachMount } from '../daemon/mounting.ts'
import type { Command, GlobalOptions } from './command.ts'
import { createOutput } from './output.ts'

interface UnmountOptions extends GlobalOptions {
  mountpoint: string | undefined
}

export const command: Command<UnmountOptions> = {
  builder: (yargs) =>
    yargs
      .positional('mountpoint', {
        type: 'string',
        describe: 'The mounted folder, instead of the configured one',
      })
      .example('$0 unmount', 'take away the mount of /etc/hushfs/hushfs.yaml; its server ends')
      .example('$0 unmount /mnt/secrets', 'the same for a mount elsewhere, also one whose server is gone'),
  handler: (args) => {
    const place = canonical(args.mountpoint ?? loadConfig(args.config).mountPoint)
    if (!detachMount(place))
      throw new MountError(`${place}: no hushfs is mounted there`, {
        hint: 'findmnt -t fuse.hushfs lists the mounts',
      })
    createOutput(args).note(`unmounted ${place}`)
    return Promise.resolve()
  },
}
