import { readFileSync } from 'node:fs'
import { distFile } from '../base/dist.ts'
import { credentialName } from './identity-files.ts'

/** What the unit files of systemd/ leave open. */
export interface UnitChoices {
  /** Of this machine: `Type=notify-reload` came with 253. */
  readonly systemdVersion: number
  readonly nsenter: string
  /** How hushfs is called: Node, then the program. */
  readonly program: readonly string[]
  readonly config: string
  /** Files that systemd reads for it as root: identities, and what signs in to vaults. */
  readonly identities: readonly string[]
  /** The group that may read the store; undefined: the server needs none. */
  readonly group: string | undefined
  /** A source is asked over the network. */
  readonly network: boolean
}

export const UNITS = ['hushfs.service', 'hushfs-changes.path', 'hushfs-changes.service'] as const
export type UnitName = (typeof UNITS)[number]

/** The text of a unit file with everything filled in. */
export function unitFile(name: UnitName, choices: UnitChoices): string {
  const template = readFileSync(distFile(`systemd/${name}`), 'utf8')
  const text = template.replace(/@([A-Z]+)@/g, (_, key: string) => valueOf(key, choices))
  return text
    .split('\n')
    .filter((line) => isWanted(line, choices))
    .map((line) => (choices.network ? line.replace(/^RestrictAddressFamilies=.*/, FAMILIES) : line))
    .join('\n')
}

function valueOf(key: string, choices: UnitChoices): string {
  switch (key) {
    case 'TYPE':
      return choices.systemdVersion >= 253 ? 'notify-reload' : 'notify'
    case 'NSENTER':
      return choices.nsenter
    case 'PROGRAM':
      return choices.program.map(quoted).join(' ')
    case 'SUPERVISE':
      return quoted(distFile('systemd/supervise'))
    case 'CONFIG':
      return quoted(choices.config)
    case 'IDENTITIES':
      return choices.identities.flatMap(credentialLines).join('\n')
    case 'GROUP':
      return choices.group === undefined ? '' : `SupplementaryGroups=${choices.group}`
    default:
      throw new Error(`nothing is known for @${key}@`)
  }
}

function credentialLines(path: string): string[] {
  const name = credentialName(path).replaceAll('%', '%%').replaceAll('\\', '\\\\')
  return [`LoadCredential=${name}:${path.replaceAll('%', '%%')}`, `SetCredential=${name}:-`]
}

/** A word of a command line (systemd.service(5), "Command lines"). */
function quoted(word: string): string {
  const text = word
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')
  return /^[A-Za-z0-9_./@:+-]+$/.test(text) ? text : `"${text}"`
}

const NETWORK = /^(PrivateNetwork|IPAddressDeny)=/
const FAMILIES = 'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6'

function isWanted(line: string, { systemdVersion, network }: UnitChoices): boolean {
  if (line.startsWith('ReloadSignal=')) return systemdVersion >= 253
  return !(network && NETWORK.test(line))
}
