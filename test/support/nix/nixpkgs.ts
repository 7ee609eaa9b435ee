import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Why a test was skipped where there is no nixpkgs: test/check lists these skips, and counts any other as a failure. */
export const NO_NIXPKGS =
  'no nixpkgs: set HUSHFS_NIXPKGS, or <nixpkgs> in NIX_PATH, to a folder that holds lib/'

/** The folder of nixpkgs, of which only `lib/` is needed: HUSHFS_NIXPKGS, or `<nixpkgs>`; undefined where there is none. Throws for a wrong one. */
export function findNixpkgs(environment = process.env): string | undefined {
  const named = environment['HUSHFS_NIXPKGS']
  if (named !== undefined && named !== '') {
    if (hasLib(named)) return resolve(named)
    throw new Error(`HUSHFS_NIXPKGS=${named}: there is no lib/default.nix in it`)
  }
  const entries = (environment['NIX_PATH'] ?? '').split(':').map((entry) => entry.split('='))
  const [found] = entries.flatMap((parts) => {
    const [prefix = '', path] = parts
    if (path !== undefined) return prefix === 'nixpkgs' ? [path] : []
    return [join(prefix, 'nixpkgs')]
  })
  return found !== undefined && hasLib(found) ? resolve(found) : undefined
}

function hasLib(folder: string): boolean {
  return existsSync(join(folder, 'lib/default.nix'))
}

const nixpkgs = findNixpkgs()

/** Options of a tap test that needs nixpkgs. */
export const needsNixpkgs = { skip: nixpkgs === undefined ? NO_NIXPKGS : false }

/** The folder, for the tests that run at all. */
export function nixpkgsFolder(): string {
  if (nixpkgs === undefined) throw new Error(NO_NIXPKGS)
  return nixpkgs
}
