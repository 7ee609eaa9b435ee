import type { Command, GlobalOptions } from './command.ts'

/** A row of the table: the words and the description of a command, and where its code is. */
export interface CommandRow {
  /** yargs' notation: `<needed>` and `[optional]` words. */
  readonly command: string
  readonly describe: string
  load(): Promise<Command>
}

export const row = <Options extends GlobalOptions>(
  command: string,
  describe: string,
  load: () => Promise<{ command: Command<Options> }>,
): CommandRow => ({ command, describe, load: async () => (await load()).command })

/** Every command in the order of `hushfs --help`. */
export const commands: readonly CommandRow[] = []

/** The word that calls a command. */
export function wordOf(row: CommandRow): string {
  return row.command.split(' ', 1).join()
}
