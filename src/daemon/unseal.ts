import { existsSync, statSync } from 'node:fs'
import { errno } from '../base/errno.ts'
import { reasonOf, SystemError } from '../base/errors.ts'
import { createLog } from '../base/log.ts'
import type { SourceSpec } from '../config/config.ts'
import { inputsOf } from '../config/template-inputs.ts'
import { loadSodium } from '../crypto/sodium.ts'
import { loadIdentities } from '../identity/load.ts'
import { openSource } from '../sources/registry.ts'
import { mayComeLater } from '../sources/availability.ts'
import type { OpenContext } from '../sources/source.ts'
import { longestWait } from '../sources/waiting.ts'
import { dieWithParent, forbidDumps } from '../sys/libc.ts'
import { BatchWriter } from './batch-writer.ts'
import { JobInput } from './job-input.ts'
import { openAll, type Lanes } from './open-order.ts'
import { decodeJob, type PackedJob } from './packed-job.ts'
import { readKeys, sealValue } from './seal-value.ts'
import { onUnforeseen } from './unforeseen.ts'
import { Inputs } from './unseal-inputs.ts'
import { knownLength, type Outcome } from './unseal-protocol.ts'

/**
 * The unseal child: opens every source of one job with the private keys, gives the values back as ciphertext under the server's
 * memory key, and exits. The kernel then takes the whole heap, private keys and plaintext included.
 */
const STDOUT = 1

async function run(): Promise<void> {
  forbidDumps()
  dieWithParent('SIGKILL')
  const sodium = await loadSodium()
  const input = new JobInput(process.stdin)
  const bytes = await input.job
  // The server ended, or had nothing to open, before it sent a job.
  if (bytes.length === 0) return
  const job = decodeJob(bytes)
  // Commands are killed by a handler of their own.
  if ([...job.secrets.others.values()].some((source) => longestWait(source) !== undefined))
    dieWithParent('SIGTERM')
  const { keys, stored } = readKeys(sodium, knownLength(job.known ?? []))
  const { identities, problems } = loadIdentities(job.identities)
  const inputs = new Inputs(sodium, keys.memory, job, stored)
  const endings: (() => Promise<void>)[] = []
  const context: OpenContext = {
    identities,
    identityProblems: problems,
    vaults: job.vaults ?? [],
    atEnd: (task) => endings.push(task),
    log: createLog(),
    input: (name) => inputs.get(name),
  }
  const absent = !job.identities.every((path) => existsSync(path))
  const output = new BatchWriter(STDOUT, job.oneByOne)
  const open = async (index: number) => {
    const name = job.secrets.nameOf(index)
    const source = job.secrets.sourceOf(index)
    const { outcome, stored } = await openSource(source, name, context)
      .then((value) => sealValue(sodium, keys, value, () => changedAt(source, inputs)))
      .catch((error: unknown) => failed(error, absent))
    output.add(index, outcome, stored)
    inputs.settle(name, outcome, stored)
  }
  const onQuickDone = () => {
    output.hurry()
  }
  const takeNews = () => (job.oneByOne ? { wanted: [], opened: [] } : input.take())
  const onWantedDone = () => {
    output.flush()
  }
  await openAll({ ...lanesOf(job), open, onQuickDone, takeNews, onWantedDone })
  output.end()
  await Promise.all(endings.map((end) => end()))
  input.close()
}

function failed(error: unknown, identityAbsent: boolean): { outcome: Outcome; stored?: undefined } {
  return { outcome: mayComeLater(error, identityAbsent) ? [reasonOf(error), true] : [reasonOf(error)] }
}

/** Templates wait too, but for others of the job, so they take no place of those that wait for the world. */
function lanesOf({ secrets, oneByOne }: PackedJob): Lanes {
  const lanes = { quick: [] as number[], waiting: [] as number[], dependent: [] as number[] }
  for (let index = 0; index < secrets.length; index++) {
    const source = secrets.others.get(index)
    if (oneByOne || source === undefined) lanes.quick.push(index)
    else if (source.kind === 'template') lanes.dependent.push(index)
    else if (longestWait(source) === undefined) lanes.quick.push(index)
    else lanes.waiting.push(index)
  }
  return lanes
}

/** When the file that the value comes from was written, or an input of a template changed; now where nothing tells. Seconds since 1970. */
function changedAt(source: SourceSpec, inputs: Inputs): number {
  const file = 'file' in source ? source.file : source.kind === 'file' ? source.path : undefined
  const milliseconds = (file === undefined ? undefined : writtenAt(file)) ?? Date.now()
  return inputs.changedAt(inputsOf(source)) ?? Math.max(0, Math.floor(milliseconds / 1000))
}

/** Undefined for a file that isn't seen from here, such as that of a credential which systemd has loaded. */
function writtenAt(file: string): number | undefined {
  try {
    return statSync(file).mtimeMs
  } catch {
    return undefined
  }
}

onUnforeseen(createLog(), () => process.exit(1))
run().catch((error: unknown) => {
  // A server that is gone needs no answer, and its pipes say so to every write.
  const serverIsGone = error instanceof SystemError && error.errno === errno.EPIPE
  if (!serverIsGone) createLog().error(`unseal: ${reasonOf(error)}`)
  process.exitCode = 1
})
