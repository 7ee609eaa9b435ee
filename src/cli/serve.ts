import { createLog } from '../base/log.ts'
import { loadConfig } from '../config/load.ts'
import { serveInherited } from '../daemon/serve.ts'
import { initFlag, type InitFlag } from '../fuse/wire/kernel.ts'
import type { Command, GlobalOptions } from './command.ts'

interface ServeOptions extends GlobalOptions {
  trace: boolean
  without: string[]
}

export const command: Command<ServeOptions> = {
  builder: (yargs) =>
    yargs
      .option('trace', {
        type: 'boolean',
        default: false,
        describe: 'Show every FUSE operation on standard error: names and sizes, never content',
      })
      .option('without', {
        array: true,
        type: 'string',
        choices: Object.keys(initFlag),
        default: [] as string[],
        describe: 'Do without a capability of the kernel, as with an older one; for tests',
        requiresArg: true,
      })
      .example('$0 serve', 'the ExecStart= of hushfs.service')
      .epilogue(
        'Serves the mount that attach has made, without any privilege. SIGHUP reads the configuration and every source again.',
      ),
  handler: (args) => {
    const readConfig = () => loadConfig(args.config)
    return serveInherited({
      readConfig,
      log: createLog(),
      trace: args.trace,
      without: args.without as InitFlag[],
    })
  },
}
