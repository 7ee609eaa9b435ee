import { createLog } from '../base/log.ts'
import { loadConfig } from '../config/load.ts'
import { attach } from '../daemon/attach.ts'
import type { Command } from './command.ts'

export const command: Command = {
  builder: (yargs) =>
    yargs
      .example('$0 attach', 'the ExecStartPre= of hushfs.service')
      .epilogue(
        "Opens /dev/fuse, mounts it and has systemd keep the descriptor; needs root and the host's mount namespace. Where systemd keeps one of an earlier server already, nothing is done.",
      ),
  handler: async ({ config }) => {
    const { mountPoint, directoryMode } = loadConfig(config)
    await attach(mountPoint, directoryMode, createLog())
  },
}
