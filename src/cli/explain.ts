import type { ArgumentsCamelCase } from 'yargs'
import { closest } from 'fastest-levenshtein'
import { HushfsError, UsageError } from '../base/errors.ts'
import { oneLine } from '../base/log.ts'
import { loadConfig, type Config, type SecretConfig } from '../config/load.ts'
import { usedAllowances } from '../daemon/allowance-file.ts'
import { findServer } from '../daemon/control.ts'
import { ruleOf, unknownAccount } from '../daemon/load-table.ts'
import { canonical } from '../daemon/mount-point.ts'
import { loadAccounts, type Accounts } from '../sys/accounts.ts'
import { Allowances } from '../vfs/allowances.ts'
import type { Command, GlobalOptions } from './command.ts'
import { explainRules, type Asked, type Verdict } from './explain-rules.ts'
import { inUnit, realSubject, supposedSubject, type Subject } from './explain-subject.ts'
import { createOutput, type Output } from './output.ts'

interface ExplainOptions extends GlobalOptions {
  name: string
  pid: string | undefined
  unit: string | undefined
}

export const command: Command<ExplainOptions> = {
  builder: (yargs) =>
    yargs
      .positional('name', { type: 'string', demandOption: true, describe: 'Name of the secret' })
      .option('pid', {
        type: 'string',
        requiresArg: true,
        describe: 'For this process or thread; default: hushfs itself, as the shell runs it',
      })
      .option('unit', {
        type: 'string',
        requiresArg: true,
        describe: "For a process of this unit; USER/UNIT is a unit of that user's manager",
      })
      .conflicts('pid', 'unit')
      .example('$0 explain db/password --unit app.service', 'would this unit be let in?')
      .example('$0 explain db/password --pid 4242', 'why is this process refused?')
      .epilogue(
        'Answers from the configuration; no server needs to run. The exit status is 0 when the caller may read and 1 when it may not. What depends on the user of a supposed caller is no refusal.',
      ),
  handler: (args) => explain(args),
}

async function explain(args: ArgumentsCamelCase<ExplainOptions>): Promise<number> {
  const output = createOutput(args)
  const config = loadConfig(args.config)
  const accounts = loadAccounts()
  const secret = secretOf(config, args.name)
  const subject =
    args.unit === undefined ? realSubject(args.pid ?? `${process.pid}`) : supposedSubject(args.unit, accounts)
  const verdicts = explainRules(askedOf(config, secret, accounts), subject)
  const may = verdicts.every(({ outcome }) => outcome === 'passes' || outcome === 'undecided')
  const failing = await failingReason(config, secret)
  if (output.json)
    output.document({ secret: secret.name, caller: describe(subject), rules: verdicts, may, failing })
  else report(output, secret.name, subject, verdicts, may, failing)
  return may ? 0 : 1
}

function secretOf({ secrets, file }: Config, name: string): SecretConfig {
  const secret = secrets.find((one) => one.name === name)
  if (secret !== undefined) return secret
  const names = secrets.map((one) => one.name)
  throw new UsageError(`${file} declares no secret ${name}`, {
    hint: names.length === 0 ? '`hushfs set NAME` makes one' : `did you mean ${closest(name, names)}?`,
  })
}

function askedOf(config: Config, secret: SecretConfig, accounts: Accounts): Asked {
  const { name, terms } = secret
  const { owner, group, mode, reads } = terms
  const { rule, unknownUser } = ruleOf(terms, accounts)
  const [uid, gid] = [accounts.uid(owner), accounts.gid(group)]
  const objection: Asked['objection'] = (start) => {
    const used = reads.kind === 'once' ? usedAllowances(canonical(config.mountPoint)) : []
    const clocks = { wall: Date.now, monotonic: () => performance.now() }
    return new Allowances(used, neverTakes, clocks).objection(name, reads, start)
  }
  const { directoryMode } = config
  if (uid !== undefined && gid !== undefined && unknownUser === undefined)
    return { permissions: { uid, gid, mode, directoryMode }, rule, objection }
  const { failing } =
    uid === undefined
      ? unknownAccount('owner', owner)
      : gid === undefined
        ? unknownAccount('group', group)
        : unknownAccount('user', unknownUser ?? '')
  return { permissions: { unknown: `${failing}: nobody can read it (EIO)` }, rule, objection }
}

const neverTakes = {
  append: () => {
    throw new Error('explain takes no allowance')
  },
}

/** Why the running server has no value; null: it has one, or there is no server that tells. */
async function failingReason(config: Config, { name }: SecretConfig): Promise<string | null> {
  try {
    const { failing } = await (await findServer(config.mountPoint)).status()
    return failing.find((one) => one.name === name)?.reason ?? null
  } catch (error) {
    if (error instanceof HushfsError) return null
    throw error
  }
}

function describe({ caller, real }: Subject) {
  const placement = inUnit(caller)
  return {
    unit: placement?.unit ?? null,
    userUnit: placement?.userUnit ?? null,
    ...(real === undefined
      ? {}
      : {
          pid: real.details.pid ?? null,
          tid: real.tid,
          uid: real.credentials.uid,
          gid: real.credentials.gid,
          groups: real.credentials.groups,
          comm: real.details.comm ?? null,
          exe: real.details.exe ?? null,
          invocation: real.invocation ?? null,
        }),
  }
}

function titleOf({ caller, real }: Subject): string {
  const placement = inUnit(caller)
  const unit = [placement?.unit ?? 'no unit', placement?.userUnit ?? []].flat().join('/')
  if (real === undefined) return `a process of ${unit}`
  const { tid, details, credentials } = real
  return `${details.comm ?? '?'}[${tid}] of uid ${credentials.uid} in ${unit}`
}

function report(
  output: Output,
  name: string,
  subject: Subject,
  verdicts: readonly Verdict[],
  may: boolean,
  failing: string | null,
): void {
  const { green, red, yellow } = output.colours
  const colours = { passes: green, refuses: red, undecided: yellow, skipped: yellow }
  output.line(`${name}, for ${oneLine(titleOf(subject))}`)
  for (const [index, { rule, outcome, reason }] of verdicts.entries())
    output.line(
      `  ${index + 1}. ${rule.padEnd(5)}  ${colours[outcome](outcome.padEnd(9))}  ${oneLine(reason)}`,
    )
  output.line(may ? green('may read') : red('may not read'))
  if (failing !== null) output.warning(`${name} can't be read by anyone now (EIO): ${failing}`)
}
