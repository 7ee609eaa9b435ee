/**
 * Fuzzes one target: `child.ts NAME FOLDER SEED SECONDS`. The input that runs is in FOLDER/running, behind the number of its run, so that whoever waits for this process
 * knows which one it hangs on. Writes a `Result` to FOLDER/result.json. Instead of SEED, the path of a file is one input that is run.
 */
import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { inspect } from 'node:util'
import { load } from './bundle.ts'
import { explore } from './explore.ts'
import { Random } from './random.ts'
import { seeds } from './seeds.ts'

/** What a child has done. */
export interface Result {
  readonly runs: number
  readonly kept: number
  readonly features: number
  readonly branches: number
  /** Milliseconds of the input that took longest. */
  readonly slowest: number
  /** What was thrown at the last input, which is in the file `running`. */
  readonly thrown?: string
}

const [name = '', folder = '', seed = '', seconds = ''] = process.argv.slice(2)
const once = existsSync(seed) ? readFileSync(seed) : undefined
const { target, probe } = await load(join(import.meta.dirname, 'targets', `${name}.ts`), folder)
const started = once === undefined ? ((await seeds[name]?.()) ?? []) : [once]
const running = openSync(join(folder, 'running'), 'w')
const end = performance.now() + Number(seconds) * 1000
const clock = { run: 0, since: performance.now(), slowest: 0 }

const explored = await explore({
  target,
  probe,
  seeds: started,
  random: new Random(Number(seed)),
  goesOn: (runs) => {
    const now = performance.now()
    if (runs > 0) clock.slowest = Math.max(clock.slowest, now - clock.since)
    return runs < started.length || (once === undefined && now < end)
  },
  onRun: (input) => {
    const header = Buffer.alloc(8)
    header.writeUInt32LE(++clock.run >>> 0, 0)
    header.writeUInt32LE(input.length, 4)
    writeSync(running, Buffer.concat([header, input]), 0, header.length + input.length, 0)
    clock.since = performance.now()
  },
})
closeSync(running)
const { finding, ...counts } = explored
const branches = probe.counters.length
const thrown = finding === undefined ? {} : { thrown: inspect(finding.error) }
const result: Result = { ...counts, branches, slowest: Math.round(clock.slowest), ...thrown }
writeFileSync(join(folder, 'result.json'), JSON.stringify(result))
