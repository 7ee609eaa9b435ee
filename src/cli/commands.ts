import type { Command, GlobalOptions } from './command.ts'

/** A row of the table: the words and the description of a command, and where its code is. */
export interface CommandRow {
  /** yargs' notation: `<needed>` and `[optional]` words. */
  readonly command: string
  readonly describe: string
  load(): Promise<Command>
}

const row = <Options extends GlobalOptions>(
  command: string,
  describe: string,
  load: () => Promise<{ command: Command<Options> }>,
): CommandRow => ({ command, describe, load: async () => (await load()).command })

/** Every command in the order of `hushfs --help`. */
export const commands: readonly CommandRow[] = [
  row(
    'init [dir]',
    'Make an identity, an empty store and a commented configuration',
    () => import('./init.ts'),
  ),
  row('keygen', 'Make a new identity and print its recipient', () => import('./keygen.ts')),
  row('set <name>', 'Seal a value and declare it', () => import('./set.ts')),
  row('edit <name>', 'Change a value in an editor that can write to no disk', () => import('./edit.ts')),
  row('get <name>', 'Print a value', () => import('./get.ts')),
  row('rm <name>', 'Remove a secret', () => import('./rm.ts')),
  row('list', 'List the secrets of the configuration and of the store', () => import('./list.ts')),
  row('rekey', 'Seal every file anew, also for other recipients', () => import('./rekey.ts')),
  row('import <kind> <path>', "Declare the secrets of another tool's files", () => import('./import.ts')),
  row('check', 'Open every source and say which secrets would be served', () => import('./check.ts')),
  row('mount [mountpoint]', 'Mount and serve in the foreground', () => import('./mount.ts')),
  row('install', 'Put the systemd service in place', () => import('./install.ts')),
  row('uninstall', 'Take the systemd service away', () => import('./uninstall.ts')),
  row('wire <unit>', 'Print or install a drop-in that gives secrets to a unit', () => import('./wire.ts')),
  row(
    'attach',
    "The service's first step: mount, and have systemd keep the descriptor",
    () => import('./attach.ts'),
  ),
  row(
    'serve',
    "The service's server: serve what attach has mounted, without privilege",
    () => import('./serve.ts'),
  ),
  row('detach', "The service's last step: unmount, unless it is restarted", () => import('./detach.ts')),
  row(
    'apply-changes',
    'Restart the units whose secrets have changed, for the service',
    () => import('./apply-changes.ts'),
  ),
  row('unmount [mountpoint]', 'Take a mount away', () => import('./unmount.ts')),
  row('reload [mountpoint]', 'Let a running mount read everything again', () => import('./reload.ts')),
  row('status [mountpoint]', 'Show what a running mount serves', () => import('./status.ts')),
  row('explain <name>', 'Say why a process or a unit may or may not read', () => import('./explain.ts')),
  row('catalog', 'List who may read each secret', () => import('./catalog.ts')),
  row('audit [mountpoint]', 'Show who read and who was refused', () => import('./audit.ts')),
  row('exec', "Run a command with a secret's variables in its environment", () => import('./exec.ts')),
  row(
    'demo',
    'Mount a throw-away store with three secrets and print commands to try',
    () => import('./demo.ts'),
  ),
  row('config', 'Show what a configuration may contain', () => import('./config.ts')),
]

/** The word that calls a command. */
export function wordOf(row: CommandRow): string {
  return row.command.split(' ', 1).join()
}
