import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { runHushfs, type Finished, type RunOptions } from './run-hushfs.ts'

/** What `hushfs init` made in a folder, and commands on it. */
export interface TryOut {
  readonly folder: string
  readonly config: string
  readonly store: string
  run(args: readonly string[], options?: RunOptions): Promise<Finished>
}

export async function tryOut(folder: string): Promise<TryOut> {
  const config = join(folder, 'hushfs.yaml')
  const made = await runHushfs(['init', folder])
  if (made.status !== 0) throw new Error(made.stderr)
  const run: TryOut['run'] = (args, options) => runHushfs([...args, '--config', config], options)
  return { folder, config, store: join(folder, 'store'), run }
}

/** Every file below a folder with its content, to compare before and after; without the lock, which has none. */
export function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const files = names.filter((name) => statSync(join(folder, name)).isFile() && !name.endsWith('.lock'))
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'latin1')]))
}
