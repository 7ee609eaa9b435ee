import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '../base/errors.ts'
import { loadConfig } from '../config/load.ts'
import { GROUP, installUnits, programPath, shareStore, systemdVersion } from '../daemon/install.ts'
import { filesOfVault } from '../daemon/vault-files.ts'
import type { Command } from './command.ts'
import { makePieces, piecesOf } from './init.ts'
import { createOutput } from './output.ts'

export const command: Command = {
  builder: (yargs) =>
    yargs
      .example('$0 install', 'put unit files, configuration and store in place, and say what to enable')
      .epilogue(
        'Makes what `hushfs init` makes where it is missing, a group hushfs that may read the store, and the unit files in /etc/systemd/system. Run it again after a change of `identities` or `vaults`, or when Node or hushfs have moved; it overwrites no configuration and no key. `hushfs uninstall` takes the unit files away.',
      ),
  handler: (args) => {
    if (process.getuid?.() !== 0) throw new UsageError('installing needs root')
    const output = createOutput(args)
    const program = programPath()
    const version = systemdVersion()
    const config = resolve(args.config)
    if (!existsSync(config)) makePieces(piecesOf({ dir: undefined, config }))
    const { identities, store, vaults, secrets } = loadConfig(config)
    shareStore({ store })
    const privateFiles = [...new Set([...identities, ...vaults.flatMap(filesOfVault)])]
    const network = secrets.some(({ source }) => source.kind === 'vault')
    const choices = { systemdVersion: version, program, config, group: GROUP, network }
    const units = installUnits({ ...choices, identities: privateFiles })
    if (output.json) output.document({ units, config, store, identities, network })
    else {
      for (const file of [...units, config, store]) output.line(`in place  ${file}`)
      if (network) output.line('network   allowed to the service, because secrets come from a vault')
      output.line('')
      output.line('Next:')
      output.line('  hushfs set db/password     seal a value and declare it')
      output.line('  systemctl enable --now hushfs.service hushfs-changes.path')
    }
    return undefined
  },
}
