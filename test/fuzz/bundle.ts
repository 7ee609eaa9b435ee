import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { instrumentation, type Probe } from './instrument.ts'
import type { Target } from './target.ts'

/** Our parsers, and those that they build on. */
const INSTRUMENTED =
  /\/(?:src\/(?!crypto\/|sys\/).*\.ts|test\/fuzz\/(?:targets|controls)\/.*\.ts|node_modules\/(?:yaml|js-yaml|jsonc-parser|age-encryption|@scure\/base)\/.*\.(?:m?js))$/

/** A target of the folder `targets`, or of another file, with counters in its code, bundled into `folder`. */
export async function load(
  source: string,
  folder: string,
  modules = INSTRUMENTED,
): Promise<{ target: Target; probe: Probe }> {
  const { plugin, size } = instrumentation(modules)
  const outfile = join(folder, 'target.mjs')
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['koffi'],
    plugins: [plugin],
    // As in build.mjs.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    define: { HUSHFS_VERSION: '"fuzz"' },
    banner: {
      js: "import{createRequire as nodeCreateRequire}from'node:module';const require=nodeCreateRequire(import.meta.url);",
    },
    logLevel: 'warning',
  })
  const probe: Probe = { counters: new Uint8Array(Math.ceil(size() / 4) * 4), words: [] }
  Object.assign(globalThis, { hushfsFuzz: probe })
  const { target } = (await import(pathToFileURL(outfile).href)) as { target: Target }
  return { target, probe }
}
