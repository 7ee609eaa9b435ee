import { randomBytes } from 'node:crypto'
import type { ArgumentsCamelCase } from 'yargs'
import { UsageError } from '../base/errors.ts'
import { oneLine } from '../base/log.ts'
import { loadConfig, type Config, type SecretConfig } from '../config/load.ts'
import { inputsOf } from '../config/template-inputs.ts'
import { unseal } from '../daemon/unseal-client.ts'
import { KEYS_BYTES } from '../daemon/unseal-protocol.ts'
import { loadIdentities } from '../identity/load.ts'
import { loadAccounts, type Accounts } from '../sys/accounts.ts'
import type { EntryValue } from '../vfs/table.ts'
import type { Command, GlobalOptions } from './command.ts'
import { createOutput, type Output } from './output.ts'

interface Options extends GlobalOptions {
  'config-only': boolean
  policy: boolean
  offline: boolean
}

const OTHERS = 0o004
/** Most kinds of sources fit in. */
const SOURCE_WIDTH = 6

/** What `check` says of one secret. */
interface Verdict {
  readonly name: string
  readonly source: string
  readonly verdict: 'ok' | 'failing'
  readonly owner: string | number
  readonly group: string | number
  readonly mode: string
  /** Size of the value, where it opens. */
  readonly bytes?: number
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

export const command: Command<Options> = {
  builder: (yargs) =>
    yargs
      .option('config-only', {
        type: 'boolean',
        default: false,
        describe: 'Check the configuration file alone, without any key or source',
      })
      .option('policy', {
        type: 'boolean',
        default: false,
        describe: 'Print the smallest policy that the configuration needs in each vault',
      })
      .option('offline', {
        type: 'boolean',
        default: false,
        describe: 'With --policy, do not ask the servers for their mounts',
      })
      .example('$0 check', 'would every secret be served?')
      .example('$0 check --policy', 'what must a policy in Vault or OpenBao allow?')
      .example('$0 check --config-only --config hushfs.yaml', 'in CI, where no private key is'),
  handler: (args) => check(args),
}

async function check(args: ArgumentsCamelCase<Options>): Promise<number> {
  const output = createOutput(args)
  const config = loadConfig(args.config)
  if (args.configOnly) {
    if (output.json) output.document({ config: config.file, secrets: config.secrets.length })
    else output.line(`${config.file}: ${count(config.secrets.length)}, no problem`)
    return 0
  }
  if (args.offline && !args.policy) throw new UsageError('--offline goes with --policy')
  if (args.policy) {
    const { printPolicies } = await import('./check-policy.ts')
    await printPolicies(config, output, args.offline)
    return 0
  }
  const accounts = loadAccounts()
  const values = await openAll(config, output)
  const inputs = new Map(config.secrets.map((secret) => [secret.name, secret]))
  const verdicts = config.secrets.map((secret, index) => judge(secret, values[index], accounts, inputs))
  const failing = verdicts.filter(({ verdict }) => verdict === 'failing').length
  const identityProblems = problemsOfIdentities(config)
  if (output.json) output.document({ config: config.file, secrets: verdicts, failing, identityProblems })
  else report(output, verdicts, failing, identityProblems)
  return failing === 0 ? 0 : 1
}

/** The child opens them, as for a mount; what it gives back is sealed under keys that nobody keeps. */
async function openAll(config: Config, output: Output): Promise<(EntryValue | undefined)[]> {
  const progress = await output.progress('opening', config.secrets.length)
  const keys = randomBytes(KEYS_BYTES)
  try {
    let opened = 0
    return await unseal(config, { keys, onResults: ({ length }) => progress.reach((opened += length)) })
  } finally {
    keys.fill(0)
    progress.stop()
  }
}

function judge(
  secret: SecretConfig,
  value: EntryValue | undefined,
  accounts: Accounts,
  inputs: ReadonlyMap<string, SecretConfig>,
): Verdict {
  const { name, source, terms } = secret
  const { owner, group, mode } = terms
  const problems: string[] = []
  if (value !== undefined && 'failing' in value) problems.push(value.failing)
  if (accounts.uid(owner) === undefined) problems.push(`there is no user \`${owner}\``)
  if (accounts.gid(group) === undefined) problems.push(`there is no group \`${group}\``)
  return {
    name,
    source: source.kind,
    verdict: problems.length === 0 ? 'ok' : 'failing',
    owner,
    group,
    mode: `0${mode.toString(8).padStart(3, '0')}`,
    ...(value !== undefined && 'size' in value ? { bytes: value.size } : {}),
    problems,
    warnings: [...warningsOf(secret), ...openerThan(secret, inputs)],
  }
}

function warningsOf({ source, terms: { units, userUnits, manager } }: SecretConfig): string[] {
  const warnings: string[] = []
  if (source.kind === 'file' || source.kind === 'text')
    warnings.push(`its source is plaintext (${source.kind}); \`hushfs set\` seals a value`)
  if (!manager && units === undefined && userUnits === undefined)
    warnings.push('`manager: false` refuses nobody without `units` or `userUnits`')
  return warnings
}

/** The kernel knows nothing of what is in a template, and the configuration bounds its unit rule alone. */
function openerThan({ source, terms }: SecretConfig, inputs: ReadonlyMap<string, SecretConfig>): string[] {
  if ((terms.mode & OTHERS) === 0) return []
  const closed = inputsOf(source).filter((name) => ((inputs.get(name)?.terms.mode ?? OTHERS) & OTHERS) === 0)
  return closed.map((name) => `everyone may read it by its mode, and not the secret ${name} in it`)
}

/** A missing identity fails only the secrets that it would open, but the person should know. */
function problemsOfIdentities(config: Config): readonly string[] {
  const { identities, problems } = loadIdentities(config.identities)
  for (const identity of identities) if (identity.kind !== 'ssh-rsa') identity.secretKey.fill(0)
  return problems
}

function report(
  output: Output,
  verdicts: readonly Verdict[],
  failing: number,
  identityProblems: readonly string[],
): void {
  const width = Math.max(0, ...verdicts.map(({ name }) => name.length))
  const sources = Math.max(SOURCE_WIDTH, ...verdicts.map(({ source }) => source.length))
  for (const verdict of verdicts) output.line(lineOf(verdict, width, sources, output.colours))
  for (const problem of identityProblems) output.warning(problem)
  for (const { name, warnings } of verdicts) {
    for (const warning of warnings) output.warning(`${name}: ${warning}`)
  }
  output.note(`${count(verdicts.length)}, ${failing} failing`)
}

function lineOf(verdict: Verdict, width: number, sources: number, colours: Output['colours']): string {
  const { name, source, owner, group, mode, bytes, problems } = verdict
  const mark = verdict.verdict === 'ok' ? colours.green('ok     ') : colours.red('failing')
  const end = problems.length > 0 ? oneLine(problems.join('; ')) : `${bytes ?? 0} bytes`
  return `${mark}  ${name.padEnd(width)}  ${source.padEnd(sources)}  ${owner}:${group} ${mode}  ${end}`
}

function count(secrets: number): string {
  return secrets === 1 ? '1 secret' : `${secrets} secrets`
}
