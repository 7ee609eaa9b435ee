import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { System } from '../systemd/system.ts'
import { moduleFolder, type View } from './evaluate.ts'
import { unitText } from './unit-text.ts'

/** Where system.nix says that the package is. */
const PACKAGE = '/opt/hushfs/package'
const CONFIG = '/etc/hushfs/hushfs.yaml'

/** The package of hushfs on the test system: the build under test, laid out as package.nix does. */
export async function installPackage(system: System): Promise<void> {
  system.write(
    `${PACKAGE}/bin/hushfs`,
    '#!/bin/sh\nexec /opt/hushfs/node /opt/hushfs/dist/hushfs.js "$@"\n',
    0o755,
  )
  await system.output(['mkdir', '-p', `${PACKAGE}/lib/node_modules/hushfs`])
  await system.output(['ln', '-sfn', '/opt/hushfs/dist', `${PACKAGE}/lib/node_modules/hushfs/dist`])
}

/** Write a configuration file, and the files of nixos-module/examples/secrets that it names in the Nix store. */
export function writeConfiguration(system: System, file: string, document: View['document']): void {
  system.write(file, JSON.stringify(document))
  const secrets = (document['secrets'] ?? {}) as Record<string, { source: Record<string, string> }>
  for (const { source } of Object.values(secrets)) {
    const stored = source['age']
    if (stored?.startsWith('/nix/store/') !== true) continue
    const name = basename(stored).replace(/^[a-z0-9]{32}-/, '')
    system.write(stored, readFileSync(join(moduleFolder, 'examples/secrets', name)))
  }
}

/** Make the test system what the module describes: its configuration file, and these of its units. systemd knows the new state afterwards. */
export async function installView(system: System, view: View, units: readonly string[]): Promise<void> {
  writeConfiguration(system, CONFIG, view.document)
  for (const name of units) {
    const unit = view.services[name]
    if (unit === undefined) throw new Error(`there is no systemd.services."${name}"`)
    system.write(`/etc/systemd/system/${name}.service`, unitText(unit))
    for (const [field, folder] of [
      ['requiredBy', 'requires'],
      ['wantedBy', 'wants'],
    ] as const)
      for (const other of unit[field]) {
        const place = `/etc/systemd/system/${other}.${folder}`
        await system.output(['mkdir', '-p', place])
        await system.output(['ln', '-sfn', `../${name}.service`, `${place}/${name}.service`])
      }
  }
  await system.output(['systemctl', 'daemon-reload'])
}
