// How src/ is bundled: one process image per entry, code that only some commands need in chunks of its own.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const root = import.meta.dirname
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

const entries = {
  hushfs: 'src/cli/entry.ts',
  unseal: 'src/daemon/unseal.ts',
  fetch: 'src/daemon/fetch.ts',
  'fuse-worker': 'src/daemon/fuse-worker.ts',
}
const present = Object.entries(entries).filter(([, source]) => existsSync(join(root, source)))

// The ES module build of cliui breaks the lines of `--help` in the middle of words; its CommonJS build doesn't.
const fromYargs = createRequire(createRequire(import.meta.url).resolve('yargs'))
// jsonc-parser's default build is UMD, whose inner requires no bundler sees; its ES module build has plain imports.
const alias = { cliui: fromYargs.resolve('cliui'), 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' }

/** Options of esbuild for a bundle in the folder `outdir`. */
export function bundleOptions(outdir) {
  return {
    absWorkingDir: root,
    entryPoints: Object.fromEntries(present),
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Its native library is found next to its own package.json.
    external: ['koffi'],
    alias,
    // Names stay: stack traces of --debug are read by people.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    define: { HUSHFS_VERSION: JSON.stringify(version) },
    // CommonJS packages inside an ES module bundle call `require` for Node's own modules.
    banner: {
      js: "import{createRequire as nodeCreateRequire}from'node:module';const require=nodeCreateRequire(import.meta.url);",
    },
    logLevel: 'warning',
  }
}
