import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'
import { paths } from './paths.ts'

/** A replacement in one source file, whose path is relative to the project. */
export interface Change {
  readonly file: string
  /** Is there exactly once. */
  readonly from: string
  readonly to: string
}

interface Bundler {
  readonly buildProgram: (folder: string, plugins: readonly Plugin[]) => Promise<void>
}

/** Builds the program with one part of it changed; its path. Throws when the part isn't there any more. */
export async function buildVariant(name: string, change: Change): Promise<string> {
  const folder = join(paths.variants, name)
  await rm(folder, { recursive: true, force: true })
  const module: string = join(paths.root, 'bundle.mjs')
  const { buildProgram } = (await import(module)) as Bundler
  await buildProgram(folder, [changed(change)])
  return join(folder, 'hushfs.js')
}

function changed({ file, from, to }: Change): Plugin {
  const path = join(paths.root, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(from).length !== 2) throw new Error(`${file}: there is not one ${from}`)
  const contents = text.replace(from, () => to)
  return {
    name: 'change',
    setup(builder) {
      builder.onLoad({ filter: /[.]ts$/ }, (args) =>
        args.path === path ? { contents, loader: 'ts' } : undefined,
      )
    },
  }
}
