import { closest, distance } from 'fastest-levenshtein'
import yargs from 'yargs'
import { exitStatus, InterruptedError, isNodeError, UsageError } from '../base/errors.ts'
import { version } from '../base/version.ts'
import { DEFAULT_CONFIG, PARSER } from './command.ts'
import { commands, wordOf, type CommandRow } from './commands.ts'
import { reportError } from './output.ts'

/** What a shell reports for a command that Ctrl-C ended: 128 + SIGINT. */
const INTERRUPTED = 130

/** Run one command line, without the program's name; resolves to the exit status and throws nothing. */
export async function main(argv: readonly string[]): Promise<number> {
  process.stdout.on('error', onStdoutError)
  try {
    return await run(argv)
  } catch (error) {
    if (error instanceof InterruptedError) return INTERRUPTED
    reportError(error, argv.includes('--debug'))
    return exitStatus(error)
  }
}

async function run(argv: readonly string[]): Promise<number> {
  let status = 0
  const parser = frame()
  for (const row of commands) {
    const done = (result: number) => (status = result)
    // A command that isn't in the arguments can't be called: it is listed, its code stays on the disk.
    if (argv.includes(wordOf(row))) await register(parser, row, done)
    else parser.command(row.command, row.describe)
  }
  await parser.parseAsync([...argv])
  return status
}

function frame() {
  return yargs()
    .scriptName('hushfs')
    .usage('$0 COMMAND [options]')
    .option('config', {
      type: 'string',
      describe: 'Configuration file',
      default: DEFAULT_CONFIG,
      requiresArg: true,
      global: true,
    })
    .option('json', { type: 'boolean', describe: 'Write the result as JSON', default: false })
    .option('debug', { type: 'boolean', describe: 'Show where an error comes from', default: false })
    .example('hushfs init', 'make an identity, a store and a configuration')
    .example('hushfs COMMAND --help', 'describe a command, with examples')
    .parserConfiguration(PARSER)
    .check(refuseRepeated)
    .locale('en')
    .version(version)
    .help()
    .alias({ help: 'h' })
    .strict()
    .strictCommands()
    .demandCommand(1, 'which command?')
    .wrap(Math.min(100, process.stdout.columns || 100))
    .exitProcess(false)
    .fail(fail)
}

type Frame = ReturnType<typeof frame>

async function register(parser: Frame, row: CommandRow, done: (status: number) => void): Promise<void> {
  const command = await row.load()
  parser.command(
    row.command,
    row.describe,
    (yargs) => command.builder(yargs),
    async (args) => done((await command.handler(args)) ?? 0),
  )
}

/** An option that takes one value, twice: yargs would hand on an array where a string is declared. */
function refuseRepeated(args: Record<string, unknown>, options: unknown): true {
  const { array } = options as { array: readonly string[] }
  const repeated = Object.keys(args).find(
    (key) => key !== '_' && key !== '--' && Array.isArray(args[key]) && !array.includes(key),
  )
  if (repeated !== undefined) throw new UsageError(`--${repeated} is given more than once`)
  return true
}

/** yargs gives a message for wrong words and an error for what a handler threw. */
function fail(message: string | undefined, error: Error | undefined): never {
  if (error !== undefined && error.name !== 'YError') throw error
  const text = message ?? error?.message ?? 'wrong usage'
  throw new UsageError(unknownOption(text) ?? text.charAt(0).toLowerCase() + text.slice(1), {
    hint: hintFor(text),
  })
}

/** yargs names an unknown `--a-b` twice, as a-b and aB. */
function unknownOption(message: string): string | undefined {
  const [, first] = /^Unknown arguments?: ([^,]+)/.exec(message) ?? []
  return first === undefined ? undefined : `unknown option: ${first.length === 1 ? '-' : '--'}${first}`
}

function hintFor(message: string): string {
  const [, word] = /^Unknown commands?: (\S+)$/.exec(message) ?? []
  const near = word === undefined ? '' : closest(word, commands.map(wordOf))
  if (word !== undefined && distance(word, near) <= 2) return `did you mean \`hushfs ${near}\`?`
  return '`hushfs --help` lists the commands, `hushfs COMMAND --help` the options of one'
}

/** A reader that went away (`hushfs list | head -1`) ends the command quietly; a full disk doesn't. */
function onStdoutError(error: Error): void {
  if (!isNodeError(error) || error.code !== 'EPIPE') reportError(error, false)
  process.exit(1)
}
