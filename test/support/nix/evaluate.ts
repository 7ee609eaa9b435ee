import { join } from 'node:path'
import { run, type Done } from '../process.ts'
import { nixpkgsFolder } from './nixpkgs.ts'
import type { PathFile, TmpfilesRules, UnitFile } from './unit-text.ts'

const TIMEOUT = 100_000
const NO_IMPORT_FROM_DERIVATION = ['--option', 'allow-import-from-derivation', 'false']
const here = import.meta.dirname
export const moduleFolder = join(here, '../../../nixos-module')

/** What system.nix shows of an evaluated configuration. */
export interface View {
  /** Messages of the assertions that failed. */
  readonly failed: readonly string[]
  /** The content of the configuration file, and of the one for the users script. */
  readonly document: Readonly<Record<string, unknown>>
  readonly usersDocument: Readonly<Record<string, unknown>>
  readonly catalog: Readonly<Record<string, unknown>>
  readonly identityPaths: readonly string[]
  /** Its place in the store, which depends on its content. */
  readonly configFile: string
  readonly secretPaths: Readonly<Record<string, string>>
  /** The same under each name that the drafts of the contract have for it. */
  readonly results: Readonly<Record<string, readonly string[]>>
  readonly services: Readonly<Record<string, UnitFile>>
  /** Path units. */
  readonly paths: Readonly<Record<string, PathFile>>
  readonly tmpfiles: Readonly<Record<string, TmpfilesRules>>
  readonly scripts: Readonly<Record<string, { readonly text: string; readonly deps: readonly string[] }>>
  /** Names below /etc. */
  readonly etc: readonly string[]
}

/**
 * Evaluate a Nix expression strictly, without a store that is written to. `system` (system.nix) and `lib` are in its scope; its value comes
 * back as JSON has it. A relative path starts from nixos-module/.
 */
export async function evaluate(expression: string): Promise<unknown> {
  const done = await tryEvaluate(expression)
  if (done.status === 0) return JSON.parse(done.stdout.toString()) as unknown
  throw new Error(done.stderr)
}

/** The same to its end, for what is an error. */
export function tryEvaluate(expression: string): Promise<Done> {
  const scope = `let system = import ${join(here, 'system.nix')} { nixpkgs = ${nixpkgsFolder()}; }; inherit (system) lib; in`
  const flags = ['--eval', '--strict', '--json', '--store', 'dummy://', ...NO_IMPORT_FROM_DERIVATION]
  return run('nix-instantiate', [...flags, '--expr', `${scope} ${expression}`], {
    cwd: moduleFolder,
    timeout: TIMEOUT,
  })
}

/** Evaluate configurations, each a NixOS module as Nix text, with one call of Nix for all. */
export async function viewAll<Name extends string>(
  modules: Readonly<Record<Name, string>>,
): Promise<Readonly<Record<Name, View>>> {
  const rows = Object.entries<string>(modules).map(
    ([name, text]) => `${JSON.stringify(name)} = system.view (system.evaluate (${text}));`,
  )
  return (await evaluate(`{ ${rows.join('\n')} }`)) as Readonly<Record<Name, View>>
}

/** Evaluate one configuration. */
export async function viewOf(module: string): Promise<View> {
  return (await viewAll({ one: module })).one
}
