import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ConfigError, isNodeError, reasonOf, UsageError } from '../base/errors.ts'
import { nameProblem } from '../base/secret-name.ts'
import { CommandError, findProgram, runCommand } from '../sources/command.ts'
import type { Found, FoundSecret, Importer, Skipped } from './importer.ts'

const SUFFIX = '.age'
/** Of nix-instantiate: secrets.nix may import a flake's worth of files. Milliseconds. */
const TIMEOUT = 60_000
const STDERR_BYTES = 4096

/** Only the names: the public keys in the file may need the network to be evaluated. */
const NAMES = '{ file }: builtins.attrNames (import (/. + file))'

const OWNERS =
  'owner, group and mode of agenix are in the NixOS configuration (age.secrets), not in these files: root and 0400 unless you set them'

/** A folder of agenix: the files that its secrets.nix names, or without nix-instantiate or secrets.nix every *.age below it. */
export const findAgenix: Importer = async (path) => {
  const folder = resolve(path)
  mustBeFolder(folder)
  const rules = join(folder, 'secrets.nix')
  const nix = findProgram('nix-instantiate', (process.env['PATH'] ?? '').split(':').filter(Boolean))
  const present = ageFiles(folder)
  if (!existsSync(rules)) return found(folder, present, [OWNERS])
  if (nix === undefined)
    return found(folder, present, [
      'there is no nix-instantiate to read secrets.nix with: took every *.age file',
      OWNERS,
    ])
  const named = await namesIn(rules, nix)
  const unnamed = present.filter((file) => !named.includes(file))
  const all = found(folder, named, [OWNERS])
  const forgotten = unnamed.map((what): Skipped => ({ what, reason: 'secrets.nix does not name it' }))
  return { ...all, skipped: [...all.skipped, ...forgotten] }
}

function mustBeFolder(folder: string): void {
  try {
    if (statSync(folder).isDirectory()) return
  } catch (error) {
    if (isNodeError(error)) throw new UsageError(reasonOf(error), { cause: error })
    throw error
  }
  throw new UsageError(`${folder}: not a folder`)
}

/** Relative paths of all *.age files, sorted; hidden folders are no part of it. */
function ageFiles(folder: string, below = ''): string[] {
  const entries = readdirSync(join(folder, below), { withFileTypes: true })
  return entries
    .flatMap((entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.name.startsWith('.')) return []
      if (entry.isDirectory()) return ageFiles(folder, path)
      return entry.name.endsWith(SUFFIX) ? [path] : []
    })
    .sort()
}

async function namesIn(rules: string, nix: string): Promise<string[]> {
  let said = ''
  try {
    const output = await runCommand({
      program: nix,
      args: ['--eval', '--strict', '--json', '--expr', NAMES, '--argstr', 'file', rules],
      environment: environment(),
      timeout: TIMEOUT,
      onStderr: (piece) => {
        said = (said + piece.toString()).slice(-STDERR_BYTES)
      },
    })
    return namesOf(JSON.parse(Buffer.from(output).toString()))
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof SyntaxError)) throw error
    const reason =
      /^ *error: (.+)$/m.exec(said)?.[1] ?? (error instanceof CommandError ? error.message : 'no JSON')
    throw new ConfigError({ file: rules }, `nix-instantiate can't read it: ${reason}`, { cause: error })
  }
}

function environment(): Record<string, string> {
  const all = Object.entries(process.env)
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function namesOf(value: unknown): string[] {
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value
  throw new SyntaxError('not a list of names')
}

function found(folder: string, files: readonly string[], notes: readonly string[]): Found {
  const secrets: FoundSecret[] = []
  const skipped: Skipped[] = []
  for (const what of files) {
    const name = what.endsWith(SUFFIX) ? what.slice(0, -SUFFIX.length) : what
    const problem = nameProblem(name)
    if (problem !== undefined) skipped.push({ what, reason: `the name ${problem}` })
    else if (existsSync(join(folder, what)))
      secrets.push({ name, fields: { source: { age: join(folder, what) } } })
    else skipped.push({ what, reason: 'secrets.nix names it, and there is no such file' })
  }
  return { secrets, skipped, notes }
}
