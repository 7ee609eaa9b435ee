import { join } from 'node:path'
import { readBoundedFile } from '../base/bounded-file.ts'
import { errno } from '../base/errno.ts'
import { isNodeError, SourceError, SystemError, UsageError } from '../base/errors.ts'
import { loadConfig } from '../config/load.ts'
import { MAX_SECRET_BYTES } from '../sources/source.ts'
import { become } from '../sys/become.ts'
import { forbidDumps } from '../sys/libc.ts'
import { PARSER, type Command, type GlobalOptions } from './command.ts'
import { parseEnvironment } from './environment-file.ts'
import { reportError } from './output.ts'
import { checkName } from './store-context.ts'

interface ExecOptions extends GlobalOptions {
  env: string[]
  mountpoint: string | undefined
  '--'?: string[]
}

export const command: Command<ExecOptions> = {
  builder: (yargs) =>
    yargs
      .usage("$0 exec [options] -- CMD [ARG..]\n\nRun a command with a secret's variables in its environment")
      .parserConfiguration({ ...PARSER, 'populate--': true })
      .option('env', {
        array: true,
        type: 'string',
        default: [] as string[],
        requiresArg: true,
        describe: 'A secret with variables, as NAME=value lines; repeatable, the last one wins',
      })
      .option('mountpoint', {
        type: 'string',
        requiresArg: true,
        describe: 'The mounted folder, instead of the configured one',
      })
      .example('$0 exec --env app.env -- app --listen 8080', 'run app with the variables of app.env')
      .epilogue(
        'The command takes the place of hushfs, in the same process. The secret is read as any file of the mount, by the user and in the unit that hushfs was started in, and by the rules of EnvironmentFile=. The exit status is that of the command; 127 when it is not found, 126 when it can not be run, 1 when a secret can not be read, and then it is not run.',
      ),
  handler: async (args) => Promise.resolve(exec(args)),
}

function exec(args: ExecOptions): number {
  const [program, ...rest] = args['--'] ?? []
  if (program === undefined)
    throw new UsageError('which command? it comes after `--`', { hint: 'hushfs exec --env NAME -- CMD' })
  args.env.forEach(checkName)
  const place = args.mountpoint ?? loadConfig(args.config).mountPoint
  // Until the command takes its place, which may be dumped as it likes (execve(2)).
  forbidDumps()
  for (const [name, value] of args.env.flatMap((secret) => variablesOf(place, secret)))
    process.env[name] = value
  try {
    return become([program, ...rest])
  } catch (error) {
    if (!(error instanceof SystemError)) throw error
    reportError(error, args.debug)
    return error.errno === errno.ENOENT ? NOT_FOUND : NOT_RUN
  }
}

/** As of env(1) and of shells. */
const NOT_FOUND = 127
const NOT_RUN = 126

function variablesOf(place: string, secret: string): [string, string][] {
  const file = join(place, secret)
  const fail = (message: string, cause?: unknown) =>
    new SourceError(message, { cause, hint: hintFor(cause, secret) })
  const bytes = readBoundedFile(file, MAX_SECRET_BYTES, fail)
  try {
    return [...parseEnvironment(bytes, file)]
  } finally {
    bytes.fill(0)
  }
}

function hintFor(cause: unknown, secret: string): string {
  const code = isNodeError(cause) ? cause.code : undefined
  if (code === 'EACCES') return `\`hushfs explain ${secret} --pid PID\` says which rule refuses a process`
  return '`hushfs status` says what is served, and what fails'
}
