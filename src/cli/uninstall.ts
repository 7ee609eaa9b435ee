import { UsageError } from '../base/errors.ts'
import { uninstallUnits } from '../daemon/install.ts'
import type { Command } from './command.ts'
import { createOutput } from './output.ts'

export const command: Command = {
  builder: (yargs) =>
    yargs
      .example('$0 uninstall', 'stop the service and take its unit files away')
      .epilogue('The configuration, the store and the identities stay: without them no secret opens again.'),
  handler: (args) => {
    if (process.getuid?.() !== 0) throw new UsageError('uninstalling needs root')
    const output = createOutput(args)
    const files = uninstallUnits()
    if (output.json) output.document({ removed: files })
    else for (const file of files) output.line(`removed  ${file}`)
    output.note(
      files.length === 0
        ? 'there was nothing to remove'
        : 'kept: the configuration, the store and the identities',
    )
    return undefined
  },
}
