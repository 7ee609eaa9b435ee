import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigError, UsageError } from '../base/errors.ts'
import { loadConfig } from '../config/load.ts'
import { unitName } from '../config/fields.ts'
import { UNIT_FOLDER } from '../daemon/install.ts'
import type { Command, GlobalOptions } from './command.ts'
import { createOutput } from './output.ts'

interface WireOptions extends GlobalOptions {
  unit: string
  credential: string[]
  env: string[]
  install: boolean
}

export const command: Command<WireOptions> = {
  builder: (yargs) =>
    yargs
      .positional('unit', { type: 'string', demandOption: true, describe: 'The unit that consumes secrets' })
      .option('credential', {
        array: true,
        type: 'string',
        default: [] as string[],
        requiresArg: true,
        describe: 'NAME=SECRET: the unit gets the secret as the credential NAME',
      })
      .option('env', {
        array: true,
        type: 'string',
        default: [] as string[],
        requiresArg: true,
        describe: 'The secret holds environment variables of the unit, as KEY=value lines',
      })
      .option('install', {
        type: 'boolean',
        default: false,
        describe: 'Write the drop-in below /etc/systemd/system instead of printing it',
      })
      .example(
        '$0 wire app.service --credential password=db/password',
        'print a drop-in with LoadCredential=',
      )
      .example('$0 wire app.service --env app.env --install', 'install one with EnvironmentFile=')
      .epilogue(
        'A credential is read in the cgroup of the unit, so a rule `units: [UNIT]` lets it through, also with DynamicUser=. EnvironmentFile= is read by PID 1, which `manager: false` refuses.',
      ),
  handler: (args) => {
    const output = createOutput(args)
    const text = dropIn(args)
    if (!args.install) {
      output.line(text.trimEnd())
      return undefined
    }
    const file = join(UNIT_FOLDER, `${args.unit}.d`, 'hushfs.conf')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text, { mode: 0o644 })
    output.line(file)
    output.note(`next: systemctl daemon-reload && systemctl restart ${args.unit}`)
    return undefined
  },
}

function dropIn({ unit, credential, env, config }: WireOptions): string {
  if (!unitName.safeParse(unit).success) throw new UsageError(`${unit} is no unit name such as app.service`)
  if (credential.length + env.length === 0)
    throw new UsageError('nothing to wire', { hint: 'give --credential NAME=SECRET or --env SECRET' })
  const { mountPoint, secrets, file } = loadConfig(config)
  const pathOf = (name: string) => {
    if (secrets.some((secret) => secret.name === name)) return join(mountPoint, name)
    throw new ConfigError({ file }, `there is no secret ${name}`, { hint: 'hushfs list' })
  }
  const credentials = credential.map((text) => {
    const [, name, secret] = /^([A-Za-z0-9_.-]+)=(.+)$/.exec(text) ?? []
    if (name === undefined || secret === undefined)
      throw new UsageError(`--credential ${text}: expected NAME=SECRET`)
    return `LoadCredential=${name}:${pathOf(secret)}`
  })
  const files = env.map((secret) => `EnvironmentFile=${pathOf(secret)}`)
  return [
    '[Unit]',
    // Not Requires=: that would restart the unit with every restart of hushfs, which its readers don't notice otherwise.
    'Wants=hushfs.service',
    'After=hushfs.service',
    '',
    '[Service]',
    ...credentials,
    ...files,
    '',
  ].join('\n')
}
