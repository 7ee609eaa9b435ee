// Bundles src/ into dist/.
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buildProgram } from './bundle.mjs'

const root = import.meta.dirname

await mkdir(join(root, '.cache'), { recursive: true })
const scratch = await mkdtemp(join(root, '.cache', 'build-'))
const made = join(scratch, 'dist')
try {
  await buildProgram(made)
  await cp(join(root, 'systemd'), join(made, 'systemd'), { recursive: true })
  await replace(made, join(root, 'dist'), join(scratch, 'old'))
} finally {
  await rm(scratch, { recursive: true, force: true })
}

/** Two renames, so that no process finds a half-written folder. */
async function replace(next, place, old) {
  if (existsSync(place)) await rename(place, old)
  await rename(next, place)
}
