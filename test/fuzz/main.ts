/**
 * Fuzzes every parser, or those that are named: `npx tsx test/fuzz/main.ts [NAME..]`. HUSHFS_FUZZ_SECONDS is the time of each, HUSHFS_FUZZ_SEED the seed of a run that is to be
 * repeated. An input that is found stays in .cache/fuzz; `npx tsx test/fuzz/main.ts NAME --input FILE` runs it alone.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { createHash, randomInt } from 'node:crypto'
import type { Result } from './child.ts'
import { controls, seeds } from './seeds.ts'

const CACHE = '.cache/fuzz'
/** An input that takes longer is one that a parser hangs on. */
const HANG_SECONDS = Number(process.env['HUSHFS_FUZZ_HANG_SECONDS'] ?? 20)

process.chdir(join(import.meta.dirname, '../..'))
const { values, positionals } = parseArgs({ allowPositionals: true, options: { input: { type: 'string' } } })
const seconds = Number(process.env['HUSHFS_FUZZ_SECONDS'] ?? 15)
const seed = Number(process.env['HUSHFS_FUZZ_SEED'] ?? randomInt(2 ** 31))
const unknown = positionals.find((name) => !(name in seeds || controls.includes(name)))
if (unknown !== undefined || !(seconds > 0) || !Number.isSafeInteger(seed)) {
  console.error(`fuzz: the targets are ${Object.keys(seeds).join(', ')}; seconds and seed are numbers`)
  process.exit(2)
}
const waiting = positionals.length > 0 ? positionals : Object.keys(seeds)
mkdirSync(CACHE, { recursive: true })
if (values.input === undefined) console.log(`fuzz: ${seconds} s for each target, HUSHFS_FUZZ_SEED=${seed}`)
const workers = Array.from({ length: availableParallelism() }, async () => {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
    if (!(await fuzz(name))) process.exitCode = 1
})
await Promise.all(workers)

/** False when something was found. */
async function fuzz(name: string): Promise<boolean> {
  const folder = mkdtempSync(join(CACHE, 'work-'))
  try {
    const ending = await runChild(name, folder)
    const result = resultIn(folder)
    if (ending === undefined && result !== undefined && result.thrown === undefined && result.runs > 0) {
      const { runs, kept, features, branches, slowest } = result
      const reached = `${features} features of ${branches} branches`
      console.log(`fuzz: ${name}: ${runs} inputs, ${kept} kept, ${reached}, slowest ${slowest} ms`)
      return true
    }
    console.error(`fuzz: ${name}: ${result?.thrown ?? ending ?? 'nothing ran'}\n${keep(name, folder)}`)
    return false
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Undefined when it ended well, else why not. */
async function runChild(name: string, folder: string): Promise<string | undefined> {
  const args = [
    '--import=tsx',
    'test/fuzz/child.ts',
    name,
    folder,
    values.input ?? String(seed),
    String(seconds),
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  let last = -1
  let since = Date.now()
  const hang = { found: false }
  const watch = setInterval(() => {
    const { run } = runningIn(folder)
    if (run !== last) [last, since] = [run, Date.now()]
    else if (run > 0 && Date.now() - since > HANG_SECONDS * 1000) hang.found = child.kill('SIGKILL')
  }, 1000)
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null]
  clearInterval(watch)
  if (hang.found) return `an input takes longer than ${HANG_SECONDS} s`
  return status === 0 ? undefined : `it ended with ${signal ?? String(status)}`
}

/** The run that a child is at, from 1, and its input. */
function runningIn(folder: string): { run: number; input: Buffer } {
  const file = join(folder, 'running')
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0)
  if (bytes.length < 8) return { run: 0, input: Buffer.alloc(0) }
  return { run: bytes.readUInt32LE(0), input: bytes.subarray(8, 8 + bytes.readUInt32LE(4)) }
}

function resultIn(folder: string): Result | undefined {
  const file = join(folder, 'result.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Result) : undefined
}

/** Keeps the input that a child ended with, and says how to run it again. */
function keep(name: string, folder: string): string {
  const { run, input } = runningIn(folder)
  if (run === 0) return 'fuzz: no input was run'
  const file = join(
    CACHE,
    `${basename(name)}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}`,
  )
  writeFileSync(file, input)
  return `fuzz: its input: npx tsx test/fuzz/main.ts ${name} --input ${file}`
}
