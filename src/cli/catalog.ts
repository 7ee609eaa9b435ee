import { join } from 'node:path'
import { UsageError } from '../base/errors.ts'
import type { ReadsRule, SecretConfig } from '../config/config.ts'
import { unitName } from '../config/fields.ts'
import { loadConfig } from '../config/load.ts'
import { inputsOf } from '../config/template-inputs.ts'
import { UnitRule } from '../policy/evaluate.ts'
import { NO_RULE } from '../policy/rules.ts'
import type { Command, GlobalOptions } from './command.ts'
import { createOutput, type Output } from './output.ts'

/** Who consumes one secret. nixos-module/contract.nix makes the same of its options. */
interface Entry {
  readonly path: string
  /** Kind of its source. */
  readonly source: string
  /** Of a template: the secrets in it. */
  readonly inputs?: readonly string[]
  readonly owner: string | number
  readonly group: string | number
  /** Octal. */
  readonly mode: string
  /** Both null: no unit rule. */
  readonly units: readonly string[] | null
  readonly userUnits: readonly string[] | null
  readonly manager: boolean
  /** As in the configuration. */
  readonly reads: 'always' | 'once' | { readonly startup: string }
  readonly restartUnits: readonly string[]
  readonly reloadUnits: readonly string[]
}

interface CatalogOptions extends GlobalOptions {
  unit: string | undefined
}

export const command: Command<CatalogOptions> = {
  builder: (yargs) =>
    yargs
      .option('unit', {
        type: 'string',
        requiresArg: true,
        describe: "Only what the rule of this unit lets it read; USER/UNIT is a unit of that user's manager",
      })
      .example('$0 catalog', 'every secret, and who may read it')
      .example('$0 catalog --unit app.service', 'what this unit has a rule for')
      .example(
        "$0 catalog --json | jq -r '.secrets | map_values(select(.units == null)) | keys[]'",
        'secrets without a rule of units',
      )
      .epilogue('It is what the configuration says; `hushfs audit` says who did read.'),
  handler: (args) => catalog(args),
}

function catalog(args: CatalogOptions): undefined {
  const output = createOutput(args)
  const { mountPoint, secrets } = loadConfig(args.config)
  const wanted = args.unit === undefined ? secrets : secrets.filter(isFor(args.unit))
  const entries = wanted.map((secret): [string, Entry] => [secret.name, entryOf(secret, mountPoint)])
  if (output.json) output.document({ mountPoint, secrets: Object.fromEntries(entries) })
  else report(output, entries)
}

/** Whether a secret has a rule that lets this unit read. Throws `UsageError` for what is no unit's name. */
function isFor(name: string): (secret: SecretConfig) => boolean {
  const unit = name.slice(name.indexOf('/') + 1)
  if (!unitName.safeParse(unit).success) throw new UsageError(`${unit} is no unit name such as app.service`)
  return ({ terms }) => {
    const units = unit === name ? terms.units : terms.userUnits
    return units !== undefined && new UnitRule({ ...NO_RULE, units }).mayUnit(name)
  }
}

function entryOf({ name, source, terms }: SecretConfig, mountPoint: string): Entry {
  const { owner, group, mode, units, userUnits, manager, reads, restartUnits, reloadUnits } = terms
  const inputs = inputsOf(source)
  return {
    path: join(mountPoint, name),
    source: source.kind,
    ...(source.kind === 'template' ? { inputs } : {}),
    owner,
    group,
    mode: `0${mode.toString(8).padStart(3, '0')}`,
    units: units ?? null,
    userUnits: userUnits ?? null,
    manager,
    reads: readsOf(reads),
    restartUnits,
    reloadUnits,
  }
}

function readsOf(reads: ReadsRule): Entry['reads'] {
  return reads.kind === 'startup' ? { startup: `${reads.seconds}s` } : reads.kind
}

function report(output: Output, entries: readonly (readonly [string, Entry])[]): void {
  const rows = entries.map(([name, entry]) => [
    name,
    `${entry.owner}:${entry.group} ${entry.mode}`,
    consumersOf(entry),
  ])
  const width = (column: number) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0))
  const [names, access] = [width(0), width(1)]
  for (const [name = '', who = '', consumers = ''] of rows)
    output.line(`${name.padEnd(names)}  ${who.padEnd(access)}  ${consumers}`)
  if (entries.length === 0) output.note('no secret has such a consumer')
}

function consumersOf({ units, userUnits, manager, reads }: Entry): string {
  const rule = [...(units ?? []), ...(userUnits ?? [])]
  if (units === null && userUnits === null) return 'any unit'
  const who = rule.length === 0 ? 'no unit' : rule.join(', ')
  const often = typeof reads === 'string' ? reads : `${reads.startup} from the start`
  return [who, ...(manager ? [] : ['not PID 1']), ...(often === 'always' ? [] : [often])].join('; ')
}
