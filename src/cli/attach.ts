import { ConfigError } from '../base/errors.ts'
import { createLog } from '../base/log.ts'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { attach } from '../daemon/attach.ts'
import type { Command } from './command.ts'

/** A bad configuration is the server's to say: systemd knows from that one's exit status that starting it again is no use. */
function readable(file: string): Config | undefined {
  try {
    return loadConfig(file)
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}

export const command: Command = {
  builder: (yargs) =>
    yargs
      .example('$0 attach', 'the ExecStartPre= of hushfs.service')
      .epilogue(
        "Opens /dev/fuse, mounts it and has systemd keep the descriptor; needs root and the host's mount namespace. Where systemd keeps one of an earlier server already, nothing is done.",
      ),
  handler: async ({ config }) => {
    const read = readable(config)
    if (read !== undefined) await attach(read.mountPoint, read.directoryMode, createLog())
  },
}
