import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import type { Cleanup } from './support/cleanup.ts'
import { measureOpening, type Opening } from './support/opening.ts'
import { paths } from './support/paths.ts'
import type { Effort, Question } from './support/question.ts'
import { workFolder } from './support/served.ts'
import { describeSpread, spreadOf, type Spread } from './support/spread.ts'
import { formatTable } from './support/table.ts'

/** How long until 1,000 keys of one file of sops are open: against decrypting the file again for each key? */
export const sources: Question<Sources> = { name: 'sources', run, report }

interface Sources {
  readonly rounds: number
  /** The same number of keys in one file of each format. */
  readonly files: readonly OneFile[]
}

interface OneFile {
  readonly format: string
  readonly keys: number
  /** Milliseconds from the start of `hushfs mount`. */
  readonly firstRead: Spread
  readonly allOpen: Spread
  /** Milliseconds of one `sops decrypt --extract`, as many of which were measured. */
  readonly each: Spread
  readonly measured: number
}

const FORMATS = ['yaml', 'json', 'dotenv', 'ini'] as const
const ENDINGS = { yaml: 'yaml', json: 'json', dotenv: 'env', ini: 'ini' }
const VALUE = '0123456789abcdef'.repeat(4)
const GOAL_MS = 500

interface Keys {
  readonly file: string
  readonly recipient: string
}

async function run({ quick }: Effort, cleanup: Cleanup): Promise<Sources> {
  const plan = quick ? { keys: 20, rounds: 1, measured: 1 } : { keys: 1000, rounds: 11, measured: 10 }
  execFileSync(join(paths.root, 'test/support/sops'))
  const folder = workFolder(cleanup)
  const mountPoint = join(folder, 'mnt')
  mkdirSync(mountPoint)
  const identity = await generateX25519Identity()
  const keys: Keys = { file: join(folder, 'keys.txt'), recipient: await identityToRecipient(identity) }
  writeFileSync(keys.file, `${identity}\n`, { mode: 0o600 })
  const files: OneFile[] = []
  for (const format of FORMATS) {
    const file = encrypt(format, folder, plan.keys, keys)
    const config = configure(format, file, folder, plan.keys, keys)
    const own: Opening[] = []
    // The first round reads the program into the page cache.
    for (let round = -1; round < plan.rounds; round++) {
      const opened = { config, mountPoint, last: nameOf(plan.keys - 1), bytes: VALUE.length }
      const opening = await measureOpening(opened, cleanup)
      if (round >= 0) own.push(opening)
    }
    const each = Array.from({ length: plan.measured }, (_, index) => extract(format, file, index, keys))
    files.push({
      format,
      keys: plan.keys,
      firstRead: spreadOf(own.map(({ firstRead }) => firstRead)),
      allOpen: spreadOf(own.map(({ allOpen }) => allOpen)),
      each: spreadOf(each),
      measured: plan.measured,
    })
  }
  return { rounds: plan.rounds, files }
}

const nameOf = (index: number) => `k${index}`

function encrypt(
  format: (typeof FORMATS)[number],
  folder: string,
  count: number,
  { recipient }: Keys,
): string {
  const names = Array.from({ length: count }, (_, index) => nameOf(index))
  const lines = {
    yaml: () => names.map((name) => `${name}: ${VALUE}\n`).join(''),
    json: () => JSON.stringify(Object.fromEntries(names.map((name) => [name, VALUE]))),
    dotenv: () => names.map((name) => `${name}=${VALUE}\n`).join(''),
    ini: () => `[s]\n${names.map((name) => `${name} = ${VALUE}\n`).join('')}`,
  }
  const file = join(folder, `all.${ENDINGS[format]}`)
  writeFileSync(file, lines[format]())
  execFileSync(paths.sops, ['encrypt', '--in-place', '--age', recipient, file])
  return file
}

/** The configuration's path. */
function configure(format: string, file: string, folder: string, count: number, keys: Keys): string {
  const secrets: Record<string, object> = {}
  for (let index = 0; index < count; index++) {
    const key = format === 'ini' ? `s/${nameOf(index)}` : nameOf(index)
    secrets[nameOf(index)] = { source: { sops: { file, key } }, mode: '0444' }
  }
  const config = join(folder, `${format}.yaml`)
  writeFileSync(config, JSON.stringify({ identities: [keys.file], secrets }))
  return config
}

/** Milliseconds of what sops-install-secrets does for each key. */
function extract(format: string, file: string, index: number, { file: keyFile }: Keys): number {
  const path = format === 'ini' ? `["s"]["${nameOf(index)}"]` : `["${nameOf(index)}"]`
  const start = process.hrtime.bigint()
  const value = execFileSync(paths.sops, ['decrypt', '--extract', path, file], {
    env: { ...process.env, SOPS_AGE_KEY_FILE: keyFile },
    encoding: 'utf8',
  })
  const time = Number(process.hrtime.bigint() - start) / 1e6
  if (value !== VALUE) throw new Error('sops gives another value')
  return time
}

function report({ rounds, files }: Sources): string {
  const about =
    `From the start of \`hushfs mount\` with ${files[0]?.keys.toLocaleString('en') ?? '0'} keys of ${VALUE.length} bytes in one file of sops, ${rounds} runs with a warm page cache; the first read is that of the last key, by a ` +
    `reader that waits from before the start. hushfs decrypts the file once. The last column is for a tool that decrypts it again for each key, as sops-install-secrets does: ${files[0]?.measured ?? 0} times \`sops decrypt --extract\` were measured, and multiplied.`
  const rows = files.map(({ format, keys, firstRead, allOpen, each }) => [
    format,
    (allOpen.median / GOAL_MS).toFixed(2),
    `${describeSpread(firstRead, 0)} ms`,
    `${describeSpread(allOpen, 0)} ms`,
    `${((each.median * keys) / 1000).toFixed(1)} s`,
  ])
  const heading = ['format', `of the goal, ${GOAL_MS} ms`, 'first read', 'all open', 'key by key']
  return `${about}\n\n${formatTable([heading, ...rows])}`
}
