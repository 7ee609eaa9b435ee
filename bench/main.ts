import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ablation } from './ablation.ts'
import { access } from './access.ts'
import { activation } from './activation.ts'
import { caller } from './caller.ts'
import { latency } from './latency.ts'
import { parallel } from './parallel.ts'
import { polling } from './polling.ts'
import { processor } from './processor.ts'
import { profile } from './profile.ts'
import { rules } from './rules.ts'
import { scale } from './scale.ts'
import { sources } from './sources.ts'
import { startup } from './startup.ts'
import { throughput } from './throughput.ts'
import { withCleanup } from './support/cleanup.ts'
import { describeMachine, machineLine, type Machine } from './support/machine.ts'
import { paths } from './support/paths.ts'
import type { Question } from './support/question.ts'
import { vault } from './vault.ts'

/** What results/NAME.json holds. */
interface Answer<Result> {
  readonly machine: Machine
  readonly result: Result
}

/** A question with its type of result inside. */
interface Row {
  readonly name: string
  measure(quick: boolean): Promise<void>
  /** Its chapter of RESULTS.md, from results/NAME.json; undefined while there is none. */
  chapter(): string | undefined
}

/** Every question, in the order of RESULTS.md. */
const questions: readonly Row[] = [
  row('Read latency', latency),
  row('Other reads', access),
  row('Parallel readers', parallel),
  row('Throughput', throughput),
  row('Polling', polling),
  row('Processor time', processor),
  row('Activation', activation),
  row('Start', startup),
  row('Scale', scale),
  row('Caller', caller),
  row('Rules', rules),
  row('Files of sops', sources),
  row('Vault', vault),
  row('Ablation', ablation),
]

/** Runs much more than this make a measurement worthless. */
const BUSY_LOAD = 0.7

function row<Result>(title: string, question: Question<Result>): Row {
  const { name } = question
  const file = join(paths.results, `${name}.json`)
  return {
    name,
    async measure(quick) {
      const machine = describeMachine()
      if (machine.load > BUSY_LOAD)
        console.error(`bench: the machine is busy (load ${machine.load}): the figures will be off`)
      console.error(`bench: ${name} ...`)
      const result = await withCleanup((cleanup) => question.run({ quick }, cleanup))
      console.log(`\n## ${title}\n\n${question.report(result)}\n`)
      if (quick) return
      mkdirSync(paths.results, { recursive: true })
      writeFileSync(file, `${JSON.stringify({ machine, result } satisfies Answer<Result>, undefined, 2)}\n`)
      const plotted = question.plot?.(result, machineLine(machine))
      if (plotted !== undefined) writeFileSync(join(paths.results, `${name}.svg`), plotted)
    },
    chapter() {
      if (!existsSync(file)) return undefined
      const { machine, result } = JSON.parse(readFileSync(file, 'utf8')) as Answer<Result>
      const picture = question.plot === undefined ? [] : [`![${title}](results/${name}.svg)`]
      const origin = `Measured ${machine.date} on ${machineLine(machine)}, load before it ${machine.load}. Again: \`npm run bench -- ${name}\`.`
      return [`## ${title}`, ...picture, question.report(result), origin].join('\n\n')
    },
  }
}

function writeReport(): void {
  const head = [
    '# Measurements',
    'Written by `npm run bench` (as root, about a quarter of an hour), which builds the peers, runs every question and rewrites this page; ' +
      '`npm run bench -- NAME` runs one, `-- --quick` only tries whether all works, `-- --profile` shows where the serving thread spends its time. The single values are in [results](results). ' +
      'Each figure holds for the machine that it names.',
  ]
  const chapters = questions.flatMap((question) => question.chapter() ?? [])
  writeFileSync(paths.report, `${[...head, ...chapters].join('\n\n')}\n`)
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, profile: { type: 'boolean', default: false } },
})
const unknown = positionals.find((name) => !questions.some((question) => question.name === name))
if (unknown !== undefined) {
  console.error(`bench: no question ${unknown}; there are ${questions.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
const chosen = questions.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
try {
  if (values.profile) console.log(await withCleanup(profile))
  else for (const question of chosen) await question.measure(values.quick)
  if (!values.quick && !values.profile) writeReport()
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
