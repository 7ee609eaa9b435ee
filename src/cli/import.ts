import { isAbsolute, relative } from 'node:path'
import { StoreError, UsageError } from '../base/errors.ts'
import { folderConflict } from '../base/secret-name.ts'
import { declareSecrets, type SecretFields } from '../config/edit.ts'
import { loadConfig } from '../config/load.ts'
import type { Command, GlobalOptions } from './command.ts'
import type { FoundSecret, Importer, Skipped } from './importer.ts'
import { createOutput, type Output } from './output.ts'
import { hintReload } from './store-context.ts'

interface Options extends GlobalOptions {
  kind: string
  path: string
}

/** Every kind, by the word that names it. */
const importers: Readonly<Record<string, () => Promise<Importer>>> = {
  agenix: async () => (await import('./import-agenix.ts')).findAgenix,
  sops: async () => (await import('./import-sops.ts')).findSops,
}

const kinds = Object.keys(importers)

export const command: Command<Options> = {
  builder: (yargs) =>
    yargs
      .positional('kind', {
        type: 'string',
        demandOption: true,
        choices: kinds,
        describe: 'Whose files they are',
      })
      .positional('path', { type: 'string', demandOption: true, describe: 'Where they are' })
      .example('$0 import agenix /etc/nixos/secrets', 'declare every secret that its secrets.nix names')
      .example('$0 import sops /etc/nixos/secrets/app.yaml', 'declare every value of a file of sops')
      .epilogue(
        'The files stay where they are and are not opened; what is declared already stays as it is. `hushfs check` then says which of them open.',
      ),
  handler: (args) => importAll(args),
}

/** What became of everything that was found. */
interface Outcome {
  readonly declared: readonly FoundSecret[]
  readonly kept: readonly string[]
  readonly skipped: readonly Skipped[]
}

async function importAll(args: Options): Promise<void> {
  const output = createOutput(args)
  const load = importers[args.kind]
  if (load === undefined)
    throw new UsageError(`there is no kind ${args.kind}; expected one of ${kinds.join(', ')}`)
  const config = loadConfig(args.config)
  const importer = await load()
  const found = await importer(args.path)
  if (found.secrets.length + found.skipped.length === 0)
    throw new StoreError(`${args.path}: there is nothing of ${args.kind} in it`)
  const outcome = sorted(
    found.secrets,
    config.secrets.map(({ name }) => name),
  )
  const entries = outcome.declared.map(({ name, fields }): [string, SecretFields] => [
    name,
    withRelativePaths(fields, config.folder),
  ])
  await declareSecrets(config.file, new Map(entries))
  report(output, { ...outcome, skipped: [...outcome.skipped, ...found.skipped] })
  for (const note of found.notes) output.note(note)
  if (entries.length === 0) return
  if (config.identities.length === 0)
    output.warning(`${config.file} has no \`identities\`: name the private keys that open these files`)
  hintReload(config, output)
}

/** What is declared stays, and what would be both a file and a folder can't be. */
function sorted(secrets: readonly FoundSecret[], declared: readonly string[]): Outcome {
  const names = new Set(declared)
  const fresh: FoundSecret[] = []
  const kept: string[] = []
  const skipped: Skipped[] = []
  for (const secret of secrets) {
    const other = folderConflict(secret.name, names)
    if (names.has(secret.name)) kept.push(secret.name)
    else if (other !== undefined)
      skipped.push({
        what: secret.name,
        reason: `${other} is declared, and one of them would be a file and a folder`,
      })
    else {
      fresh.push(secret)
      names.add(secret.name)
    }
  }
  return { declared: fresh, kept, skipped }
}

/** A file below the configuration's folder is named from there, so that both can move. */
function withRelativePaths(fields: SecretFields, folder: string): SecretFields {
  const { age, sops } = fields.source ?? {}
  if (age !== undefined) return { ...fields, source: { age: shortPath(age, folder) } }
  if (sops !== undefined)
    return { ...fields, source: { sops: { ...sops, file: shortPath(sops.file, folder) } } }
  return fields
}

function shortPath(file: string, folder: string): string {
  const path = relative(folder, file)
  return !isAbsolute(path) && path.split('/', 1)[0] !== '..' ? path : file
}

function report(output: Output, { declared, kept, skipped }: Outcome): void {
  if (output.json) {
    output.document({ declared: declared.map(({ name }) => name), kept, skipped })
    return
  }
  for (const { name } of declared) output.line(`declared  ${name}`)
  for (const name of kept) output.line(`kept      ${name}  (it is declared already)`)
  for (const { what, reason } of skipped) output.line(`skipped   ${what}  (${reason})`)
}
