import { loadConfig } from '../config/load.ts'
import { findServer, requestReload } from '../daemon/control.ts'
import type { Command, GlobalOptions } from './command.ts'
import { createOutput } from './output.ts'

interface ReloadOptions extends GlobalOptions {
  mountpoint: string | undefined
}

export const command: Command<ReloadOptions> = {
  builder: (yargs) =>
    yargs
      .positional('mountpoint', {
        type: 'string',
        describe: 'The mounted folder, instead of the configured one',
      })
      .example('$0 reload', 'serve the configuration and every source as they are now')
      .epilogue(
        'On a bad configuration nothing changes, and the exit status is 2. kill -HUP does the same without an answer.',
      ),
  handler: async (args) => {
    const output = createOutput(args)
    const server = await findServer(args.mountpoint ?? loadConfig(args.config).mountPoint)
    const { reloads, secrets, failing } = await requestReload(server)
    if (output.json) output.document({ ...secrets, failed: failing, reload: reloads.last })
    if (reloads.last !== null && reloads.last.exitStatus !== 0) {
      for (const line of (reloads.last.reason ?? '').split('\n'))
        output.note(`reload failed, nothing changed: ${line}`)
      return reloads.last.exitStatus
    }
    for (const { name, reason } of failing) output.warning(`secret ${name}: ${reason}`)
    output.note(`reloaded: ${secrets.total} secrets (${secrets.failing} failing) at ${server.place}`)
    return 0
  },
}
