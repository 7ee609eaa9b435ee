/** A service as NixOS has it in `systemd.services`, as far as hushfs' module and its examples use it. */
export interface UnitFile {
  readonly description: string
  readonly documentation: readonly string[]
  readonly after: readonly string[]
  readonly before: readonly string[]
  readonly conflicts: readonly string[]
  readonly requires: readonly string[]
  readonly wants: readonly string[]
  readonly requiredBy: readonly string[]
  readonly wantedBy: readonly string[]
  readonly restartIfChanged: boolean
  readonly stopIfChanged: boolean
  readonly environment: Readonly<Record<string, string>>
  readonly unitConfig: Readonly<Record<string, Value>>
  readonly serviceConfig: Readonly<Record<string, Value>>
}

/** A path unit, likewise. */
export interface PathFile {
  readonly description: string
  readonly documentation: readonly string[]
  readonly wantedBy: readonly string[]
  readonly pathConfig: Readonly<Record<string, Value>>
}

type Value = string | number | boolean | readonly string[]

const lists = {
  After: 'after',
  Before: 'before',
  Conflicts: 'conflicts',
  Documentation: 'documentation',
  Requires: 'requires',
  Wants: 'wants',
} as const

/** The text of a unit file, laid out as nixos/lib/systemd-lib.nix does: a line for each value of a list. */
export function unitText(unit: UnitFile): string {
  const dependencies = Object.entries(lists).flatMap(([key, field]) =>
    unit[field].length === 0 ? [] : [`${key}=${unit[field].join(' ')}`],
  )
  const environment = Object.entries(unit.environment).map(
    ([name, value]) => `Environment="${name}=${value}"`,
  )
  return [
    '[Unit]',
    ...(unit.description === '' ? [] : [`Description=${unit.description}`]),
    ...dependencies,
    ...section(unit.unitConfig),
    '[Service]',
    ...environment,
    ...section(unit.serviceConfig),
    '',
  ].join('\n')
}

export function pathText({ description, documentation, pathConfig }: PathFile): string {
  return [
    '[Unit]',
    `Description=${description}`,
    `Documentation=${documentation.join(' ')}`,
    '[Path]',
    ...section(pathConfig),
    '',
  ].join('\n')
}

/** Rules of systemd-tmpfiles by path and type, as `systemd.tmpfiles.settings` has them. */
export type TmpfilesRules = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>
>

/** The text of a file of tmpfiles.d(5). */
export function tmpfilesText(rules: TmpfilesRules): string {
  const lines = Object.entries(rules).flatMap(([path, types]) =>
    Object.entries(types).map(([type, { mode = '-', user = '-', group = '-', argument = '' }]) =>
      [type, path, mode, user, group, '-', argument].join(' '),
    ),
  )
  return `${lines.join('\n')}\n`
}

function section(values: Readonly<Record<string, Value>>): string[] {
  return Object.entries(values).flatMap(([key, value]) =>
    (Array.isArray(value) ? (value as readonly string[]) : [value]).map((one) => `${key}=${String(one)}`),
  )
}
