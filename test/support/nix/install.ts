import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { System } from '../systemd/system.ts'
import { moduleFolder, type View } from './evaluate.ts'
import { pathText, tmpfilesText, unitText } from './unit-text.ts'

/** A file of the system that the module describes. */
export interface SystemFile {
  readonly path: string
  readonly content: string | Uint8Array
  readonly mode?: number
}

/** Dependencies that NixOS makes as links: `requiredBy` and `wantedBy`. */
interface Link {
  readonly path: string
  readonly target: string
}

export interface SystemFiles {
  readonly files: readonly SystemFile[]
  readonly links: readonly Link[]
}

/** Where system.nix says that the package is. */
const PACKAGE = '/opt/hushfs/package'
const CONFIG = '/etc/hushfs/hushfs.yaml'
const UNITS = '/etc/systemd/system'

/** The package of hushfs on the test system: the build under test, laid out as package.nix does. */
const packageFiles: SystemFiles = {
  files: [
    {
      path: `${PACKAGE}/bin/hushfs`,
      content: '#!/bin/sh\nexec /opt/hushfs/node /opt/hushfs/dist/hushfs.js "$@"\n',
      mode: 0o755,
    },
  ],
  links: [{ path: `${PACKAGE}/lib/node_modules/hushfs/dist`, target: '/opt/hushfs/dist' }],
}

/** A configuration file, and the files of nixos-module/examples/secrets that it names in the Nix store. */
function configurationFiles(path: string, document: View['document']): SystemFile[] {
  const secrets = (document['secrets'] ?? {}) as Record<string, { source: Record<string, string> }>
  const stored = Object.values(secrets).flatMap(({ source }) => {
    const file = source['age']
    if (file?.startsWith('/nix/store/') !== true) return []
    const name = basename(file).replace(/^[a-z0-9]{32}-/, '')
    return [{ path: file, content: readFileSync(join(moduleFolder, 'examples/secrets', name)) }]
  })
  return [{ path, content: JSON.stringify(document) }, ...stored]
}

/** What the module makes of a system: its configuration file, and these of its units. */
export function filesOf(view: View, units: readonly string[]): SystemFiles {
  const all = units.map((name) => {
    const unit = view.services[name]
    if (unit === undefined) throw new Error(`there is no systemd.services."${name}"`)
    return { name, unit }
  })
  const paths = Object.entries(view.paths).filter(([name]) => units.includes(name))
  return {
    files: [
      ...configurationFiles(CONFIG, view.document),
      ...all.map(({ name, unit }) => ({ path: `${UNITS}/${name}.service`, content: unitText(unit) })),
      ...Object.entries(view.tmpfiles).map(([name, rules]) => ({
        path: `/etc/tmpfiles.d/${name}.conf`,
        content: tmpfilesText(rules),
      })),
      ...paths.map(([name, unit]) => ({ path: `${UNITS}/${name}.path`, content: pathText(unit) })),
    ],
    links: [
      ...all.flatMap(({ name, unit }) => linksOf(`${name}.service`, unit)),
      ...paths.flatMap(([name, unit]) => linksOf(`${name}.path`, unit)),
    ],
  }
}

function linksOf(
  name: string,
  unit: { readonly wantedBy: readonly string[]; readonly requiredBy?: readonly string[] },
): Link[] {
  const link = (folder: string) => (other: string) => ({
    path: `${UNITS}/${other}.${folder}/${name}`,
    target: `../${name}`,
  })
  return [...unit.wantedBy.map(link('wants')), ...(unit.requiredBy ?? []).map(link('requires'))]
}

/** Put files on the running system. */
export async function install(system: System, { files, links }: SystemFiles): Promise<void> {
  for (const { path, content, mode } of files) system.write(path, content, mode)
  for (const { path, target } of links) {
    await system.output(['mkdir', '-p', dirname(path)])
    await system.output(['ln', '-sfn', target, path])
  }
}

export function installPackage(system: System): Promise<void> {
  return install(system, packageFiles)
}

export function writeConfiguration(system: System, file: string, document: View['document']): Promise<void> {
  return install(system, { files: configurationFiles(file, document), links: [] })
}

/** The same for a view; systemd knows the new state afterwards. */
export async function installView(system: System, view: View, units: readonly string[]): Promise<void> {
  await install(system, filesOf(view, units))
  await system.output(['systemctl', 'daemon-reload'])
}

/** Put what a system should have when it boots, package included, into a folder. */
export function prepare(folder: string, { files, links }: SystemFiles): string {
  for (const { path, content, mode = 0o644 } of [...packageFiles.files, ...files]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content, { mode })
  }
  for (const { path, target } of [...packageFiles.links, ...links]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    symlinkSync(target, join(folder, path))
  }
  return folder
}
