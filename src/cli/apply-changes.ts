import { createLog } from '../base/log.ts'
import { loadConfig } from '../config/load.ts'
import { takeChanges } from '../daemon/state-folder.ts'
import { applyUnitChanges, unitChanges } from '../daemon/unit-changes.ts'
import type { Command } from './command.ts'

export const command: Command = {
  builder: (yargs) =>
    yargs
      .example('$0 apply-changes', 'the ExecStart= of hushfs-changes.service')
      .epilogue(
        'Restarts and reloads the units that the configuration names for the secrets that have changed. The server, which has no right to do that, writes down the names of those secrets.',
      ),
  handler: ({ config }) => {
    const names = new Set(takeChanges())
    const { secrets } = loadConfig(config)
    applyUnitChanges(unitChanges(secrets.filter(({ name }) => names.has(name))), createLog())
    return undefined
  },
}
