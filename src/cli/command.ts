import type { ArgumentsCamelCase, Argv } from 'yargs'

/** Options of every command. */
export interface GlobalOptions {
  config: string
  json: boolean
  debug: boolean
}

/**
 * One command; each lives in a file of its own that exports it as `command`. Its words and its one-line description
 * are in the table of commands.ts, so that `hushfs --help` loads no command.
 */
export interface Command<Options = GlobalOptions> {
  /** Declares the options of this command, with at least one example. */
  builder(yargs: Argv<GlobalOptions>): Argv<Options>
  /** Throws a HushfsError when it fails; resolves to another exit status than 0 when it has said why itself. */
  handler(args: ArgumentsCamelCase<Options>): Promise<void> | Promise<number> | undefined
}

/** Where the configuration is unless `--config` says otherwise. */
export const DEFAULT_CONFIG = '/etc/hushfs/hushfs.yaml'

/** How words are told apart. A command that needs it otherwise gives all of it to yargs, which keeps nothing of the old. */
export const PARSER = {
  // `--unit a NAME` is one unit and a name; names such as 007 are words.
  'greedy-arrays': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'dot-notation': false,
  'boolean-negation': false,
}
