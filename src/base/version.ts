import { readFileSync } from 'node:fs'

/** Set by the bundler (bundle.mjs); undefined when the sources run unbundled. */
declare const HUSHFS_VERSION: string | undefined

/** The version of package.json. */
export const version: string =
  typeof HUSHFS_VERSION === 'string'
    ? HUSHFS_VERSION
    : versionOf(new URL('../../package.json', import.meta.url))

function versionOf(packageFile: URL): string {
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version
}
