import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { plotBars } from './support/bars.ts'
import type { Cleanup } from './support/cleanup.ts'
import { measureOpening, type Opening } from './support/opening.ts'
import { paths } from './support/paths.ts'
import type { Effort, Question } from './support/question.ts'
import { workFolder } from './support/served.ts'
import { describeSpread, spreadOf, type Spread } from './support/spread.ts'
import { missingCommand } from './support/subjects.ts'
import { formatTable } from './support/table.ts'

/** How long until a service can read its secret, when a machine with many has started: against tools that decrypt all of them first? */
export const activation: Question<Activation> = { name: 'activation', run, report, plot }

interface Activation {
  readonly secrets: number
  readonly rounds: number
  /** Milliseconds from the start of the process. */
  readonly firstRead: Spread
  readonly allOpen: Spread
  readonly tools: readonly {
    readonly title: string
    /** How many secrets were really decrypted; the time is for as many as `secrets`. */
    readonly measured: number
    readonly all: Spread
    /** Medians of hushfs divided by that of the tool. */
    readonly firstRatio: number
    readonly allRatio: number
  }[]
  readonly missing: readonly string[]
}

/** Decrypts one file to another, as a loop of an activation script would. */
interface Tool {
  readonly title: string
  /** How many to measure: the time for one is the same for each. */
  readonly share: number
  missing(): string | undefined
  /** Makes the encrypted file. */
  prepare(folder: string, index: number, keys: Keys): void
  /** A line of sh, with $i for the index, $k for the file of keys, and $nullFlag. */
  readonly line: string
}

interface Keys {
  readonly file: string
  readonly recipient: string
}

const VALUE = '0123456789abcdef'.repeat(4)
const LIMIT = { timeout: 300_000, killSignal: 'SIGKILL' } as const
const execute = promisify(execFile)

const tools: readonly Tool[] = [
  {
    title: "`age -d`, as agenix' activation runs it",
    share: 1,
    missing: () => missingCommand('age'),
    // hushfs reads the same files.
    prepare: () => undefined,
    line: 'age --decrypt -i "$k" -o "out/$i" "in/$i.age"',
  },
  {
    title: '`sops decrypt`, a file each',
    share: 0.1,
    missing: () =>
      existsSync(paths.sops) ? undefined : 'there is no .cache/sops/sops; test/support/sops builds it',
    prepare(folder, index, { recipient }) {
      const file = join(folder, 'in', `${index}.json`)
      writeFileSync(file, JSON.stringify({ value: VALUE }))
      execFileSync(paths.sops, ['encrypt', '--in-place', '--age', recipient, file])
    },
    line: `SOPS_AGE_KEY_FILE="$k" ${paths.sops} decrypt --extract '["value"]' --output "out/$i" "in/$i.json"`,
  },
  {
    title: '`systemd-creds decrypt`',
    share: 0.1,
    missing: () => missingCommand('systemd-creds'),
    prepare(folder, index) {
      const args = ['encrypt', '--with-key=tpm2-absent', '--name=v', '-', join(folder, 'in', `${index}.cred`)]
      execFileSync('systemd-creds', args, { input: VALUE, stdio: ['pipe', 'ignore', 'ignore'] })
    },
    // $nullFlag: a newer systemd-creds opens what no key protects only when it is told to.
    line: 'systemd-creds decrypt $nullFlag --name=v "in/$i.cred" "out/$i"',
  },
]

async function run({ quick }: Effort, cleanup: Cleanup): Promise<Activation> {
  const plan = quick ? { secrets: 20, rounds: 1 } : { secrets: 1000, rounds: 5 }
  const folder = workFolder(cleanup)
  for (const name of ['in', 'out', 'mnt']) mkdirSync(join(folder, name))
  const keys = await makeKeys(folder)
  const config = await makeAgeSecrets(folder, plan.secrets, keys)
  const reasons = [...tools.map((tool) => tool.missing()), missingCommand('sops-install-secrets')]
  const present = tools.filter((_, index) => reasons[index] === undefined)
  for (const tool of present)
    for (let index = 0; index < plan.secrets * tool.share; index++) tool.prepare(folder, index, keys)
  const own: Opening[] = []
  const [mountPoint, last] = [join(folder, 'mnt'), String(plan.secrets - 1)]
  const times = present.map((): number[] => [])
  for (let round = 0; round < plan.rounds; round++) {
    own.push(await measureOpening({ config, mountPoint, last, bytes: VALUE.length }, cleanup))
    for (const [index, tool] of present.entries())
      times[index]?.push(await measureTool(tool, folder, plan.secrets * tool.share, keys, cleanup))
  }
  const firstRead = spreadOf(own.map((one) => one.firstRead))
  const allOpen = spreadOf(own.map((one) => one.allOpen))
  return {
    ...plan,
    firstRead,
    allOpen,
    tools: present.map(({ title, share }, index) => {
      const all = spreadOf((times[index] ?? []).map((time) => time / share))
      const [firstRatio, allRatio] = [firstRead.median / all.median, allOpen.median / all.median]
      return { title, measured: plan.secrets * share, all, firstRatio, allRatio }
    }),
    missing: reasons.filter((reason) => reason !== undefined),
  }
}

async function makeKeys(folder: string): Promise<Keys> {
  const identity = await generateX25519Identity()
  const file = join(folder, 'keys.txt')
  writeFileSync(file, `${identity}\n`, { mode: 0o600 })
  return { file, recipient: await identityToRecipient(identity) }
}

/** The configuration's path. */
async function makeAgeSecrets(folder: string, count: number, { file, recipient }: Keys): Promise<string> {
  const secrets: Record<string, object> = {}
  for (let index = 0; index < count; index++) {
    const encrypter = new Encrypter()
    encrypter.addRecipient(recipient)
    const sealed = join(folder, 'in', `${index}.age`)
    writeFileSync(sealed, await encrypter.encrypt(VALUE))
    secrets[String(index)] = { source: { age: sealed }, mode: '0444' }
  }
  const config = join(folder, 'hushfs.yaml')
  writeFileSync(config, JSON.stringify({ identities: [file], secrets }))
  return config
}

/** Milliseconds for `count` of them, one after the other, as every activation script does. */
async function measureTool(
  tool: Tool,
  folder: string,
  count: number,
  { file }: Keys,
  cleanup: Cleanup,
): Promise<number> {
  const script = `k="$1"; nullFlag="$2"; i=0; while [ $i -lt ${count} ]; do ${tool.line} || exit 1; i=$((i + 1)); done`
  execFileSync('sh', ['-c', 'rm -f out/*'], { cwd: folder })
  const help = execFileSync('sh', ['-c', 'systemd-creds --help || true'], { encoding: 'utf8' })
  const nullFlag = help.includes('--allow-null') ? '--allow-null' : ''
  const start = process.hrtime.bigint()
  await execute('sh', ['-c', script, 'sh', file, nullFlag], { ...LIMIT, cwd: folder, signal: cleanup.signal })
  const time = Number(process.hrtime.bigint() - start) / 1e6
  if (readFileSync(join(folder, 'out', '0'), 'utf8') !== VALUE)
    throw new Error(`${tool.title}: another value`)
  return time
}

function report(result: Activation): string {
  const about =
    `${result.secrets.toLocaleString('en')} secrets of ${VALUE.length} bytes, ${result.rounds} interleaved rounds, from the start of the process. hushfs opens age files of the same identity; ` +
    'its first read is that of the last secret, by a reader that waits from before the start. The tools decrypt one file after the other, as activation ' +
    'scripts do, and services start after that; where fewer were decrypted, the time is multiplied.'
  const own = [
    ['hushfs, first read', '', `${describeSpread(result.firstRead, 0)} ms`],
    ['hushfs, all in memory', '', `${describeSpread(result.allOpen, 0)} ms`],
  ]
  const rows = result.tools.map(({ title, measured, all, firstRatio, allRatio }) => [
    `${title}${measured < result.secrets ? ` (${measured} measured)` : ''}`,
    `${firstRatio.toFixed(3)}, ${allRatio.toFixed(2)}`,
    `${describeSpread(all, 0)} ms`,
  ])
  const heading = ['way', "hushfs' first read, all", 'time for all']
  const missing = result.missing.map((reason) => `Not measured: ${reason}.`)
  return [about, formatTable([heading, ...own, ...rows]), ...missing].join('\n\n')
}

function plot(result: Activation, title: string): string {
  const bar = (label: string, { median, quartiles }: Spread, accent: boolean) => ({
    label,
    accent,
    value: median,
    whisker: quartiles[1],
    note: `${(median / 1000).toFixed(2)} s`,
  })
  const bars = [
    bar('hushfs, first read', result.firstRead, true),
    bar('hushfs, all in memory', result.allOpen, true),
    ...result.tools.map((tool) => bar(tool.title.replaceAll('`', '').replace(/,.*/, ''), tool.all, false)),
  ]
  const heading = `From a start to the first of ${result.secrets.toLocaleString('en')} secrets`
  return plotBars({ heading, footing: title, panels: [{ title: 'shorter is better', bars }] })
}
