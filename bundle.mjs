// How src/ becomes a program: one CommonJS bundle for each entry, and beside it V8's code cache.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { build } from 'esbuild'

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

function bundleOptions(outdir) {
  return {
    absWorkingDir: root,
    entryPoints: Object.fromEntries(present.map(([name, source]) => [`${name}.bundle`, source])),
    outdir,
    bundle: true,
    // Node has no code cache for ES modules, and its loader of them takes longer.
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    // The code of a Script has no import() (load-bundle.cjs); require serves as well.
    supported: { 'dynamic-import': false },
    // Its native library is found next to its own package.json.
    external: ['koffi'],
    alias,
    // Names stay: stack traces of --debug are read by people.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    define: { HUSHFS_VERSION: JSON.stringify(version), 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl=require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'warning',
  }
}

/** libsodium's glue decodes its WebAssembly from base64 character by character, which takes longer than all else that a thread needs of it. */
const quickBase64 = {
  name: 'quick-base64',
  setup(builder) {
    builder.onLoad({ filter: /[/]libsodium[.]mjs$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      const parts = text.split(/\(\w+=>\{for\([^{}]*\w+\.charCodeAt\([^{}]*return \w+\}\)(?=\("AGFz)/)
      if (parts.length !== 2) throw new Error(`${path}: there is not one decoder of base64`)
      return { contents: parts.join('(text=>Buffer.from(text,"base64"))'), loader: 'js' }
    })
  },
}

/** Builds the program into `outdir`, with changes that plugins of esbuild make. */
export async function buildProgram(outdir, plugins = []) {
  await mkdir(outdir, { recursive: true })
  await build({ ...bundleOptions(outdir), plugins: [...plugins, quickBase64] })
  await writeFile(join(outdir, 'package.json'), '{"type":"commonjs"}\n')
  await copyFile(join(root, 'load-bundle.cjs'), join(outdir, 'load-bundle.js'))
  for (const [name] of present) {
    await mustBeAscii(join(outdir, `${name}.bundle.js`))
    const text = `#!/usr/bin/env node\nrequire('./load-bundle.js').run('${name}')\n`
    await writeFile(join(outdir, `${name}.js`), text, { mode: 0o755 })
  }
  const caching = spawn(process.execPath, [join(root, 'make-code-cache.mjs'), outdir], { stdio: 'inherit' })
  const [status] = await once(caching, 'exit')
  if (status !== 0) throw new Error('the code caches were not made')
}

/** It is read as one byte for each character, which V8 keeps as they are. */
async function mustBeAscii(file) {
  if ((await readFile(file)).some((byte) => byte > 0x7f)) throw new Error(`${file} is not ASCII`)
}
