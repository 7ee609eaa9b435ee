import { closeSync, existsSync, readSync, statSync } from 'node:fs'
import { randomFillSync } from 'node:crypto'
import { errno } from '../base/errno.ts'
import { reasonOf, SourceError, SystemError } from '../base/errors.ts'
import { createLog } from '../base/log.ts'
import type { SourceSpec } from '../config/config.ts'
import { inputsOf } from '../config/template-inputs.ts'
import { KEY_BYTES, loadSodium, type Region, type Sodium } from '../crypto/sodium.ts'
import { loadIdentities } from '../identity/load.ts'
import { openSource } from '../sources/registry.ts'
import { MAX_SECRET_BYTES, type OpenContext } from '../sources/source.ts'
import { mayComeLater } from '../sources/availability.ts'
import { longestWait } from '../sources/waiting.ts'
import { dieWithParent, forbidDumps } from '../sys/libc.ts'
import { PREFIX_BYTES, storeValue } from '../vault/value.ts'
import { BatchWriter } from './batch-writer.ts'
import { JobInput } from './job-input.ts'
import { openAll, type Lanes } from './open-order.ts'
import { Inputs } from './unseal-inputs.ts'
import { KEYS_BYTES, KEYS_FD, knownLength, type Job, type Outcome } from './unseal-protocol.ts'

/**
 * The unseal child: opens every source of one job with the private keys, gives the values back as ciphertext under the server's
 * memory key, and exits. The kernel then takes the whole heap, private keys and plaintext included.
 */
const STDOUT = 1

interface Keys {
  readonly memory: Region
  readonly version: Uint8Array
}

async function run(): Promise<void> {
  forbidDumps()
  dieWithParent('SIGKILL')
  const sodium = await loadSodium()
  const input = new JobInput(process.stdin)
  const text = await input.job
  // The server ended, or had nothing to open, before it sent a job.
  if (text === '') return
  const job = JSON.parse(text) as Job
  // Commands are killed by a handler of their own.
  if (job.secrets.some(({ source }) => longestWait(source) !== undefined)) dieWithParent('SIGTERM')
  const { keys, stored } = readData(sodium, knownLength(job.known ?? []))
  const { identities, problems } = loadIdentities(job.identities)
  const inputs = new Inputs(sodium, keys.memory, job, stored)
  const context: OpenContext = {
    identities,
    identityProblems: problems,
    log: createLog(),
    input: (name) => inputs.get(name),
  }
  const absent = !job.identities.every((path) => existsSync(path))
  const output = new BatchWriter(STDOUT, job.oneByOne)
  const open = async (index: number) => {
    const { name, source } = job.secrets[index] as Job['secrets'][number]
    const { outcome, stored } = await openSource(source, name, context)
      .then((value) => store(sodium, keys, value, changedAt(source, inputs)))
      .catch((error: unknown) => failed(error, absent))
    output.add(index, outcome, stored)
    inputs.settle(name, outcome, stored)
  }
  const onQuickDone = () => {
    output.hurry()
  }
  const takeWanted = () => (job.oneByOne ? [] : input.takeWanted())
  const onWantedDone = () => {
    output.flush()
  }
  await openAll({ ...lanesOf(job), open, onQuickDone, takeWanted, onWantedDone })
  output.end()
  input.close()
}

interface Opened {
  readonly outcome: Outcome
  readonly stored?: Uint8Array
}

function failed(error: unknown, identityAbsent: boolean): Opened {
  return { outcome: mayComeLater(error, identityAbsent) ? [reasonOf(error), true] : [reasonOf(error)] }
}

/** Templates wait too, but for others of the job, so they take no place of those that wait for the world. */
function lanesOf({ secrets, oneByOne }: Job): Lanes {
  const lanes = { quick: [] as number[], waiting: [] as number[], dependent: [] as number[] }
  for (const [index, { source }] of secrets.entries()) {
    if (oneByOne) lanes.quick.push(index)
    else if (source.kind === 'template') lanes.dependent.push(index)
    else if (longestWait(source) === undefined) lanes.quick.push(index)
    else lanes.waiting.push(index)
  }
  return lanes
}

/** The keys go from the pipe to the WASM heap and to this child's own memory; nobody else has the descriptor. */
function readData(sodium: Sodium, length: number): { keys: Keys; stored: Uint8Array } {
  const bytes = new Uint8Array(KEYS_BYTES + length)
  for (let at = 0; at < bytes.length;) {
    const read = readSync(KEYS_FD, bytes, at, bytes.length - at, null)
    if (read === 0) throw new Error('the server sent too little')
    at += read
  }
  closeSync(KEYS_FD)
  const memory = sodium.allocateFrom(bytes.subarray(0, KEY_BYTES))
  return {
    keys: { memory, version: bytes.subarray(KEY_BYTES, KEYS_BYTES) },
    stored: bytes.subarray(KEYS_BYTES),
  }
}

/** Wipes `value`. */
function store(sodium: Sodium, keys: Keys, value: Uint8Array, changedAt: number): Opened {
  let region: Region | undefined
  try {
    if (value.length > MAX_SECRET_BYTES) throw new SourceError('the value is longer than 1 MiB')
    region = sodium.allocateFrom(value)
    const prefix = randomFillSync(new Uint8Array(PREFIX_BYTES))
    const stored = storeValue(sodium, keys.memory, region, prefix)
    return { outcome: [value.length, versionOf(sodium, region, keys.version), changedAt], stored }
  } finally {
    value.fill(0)
    region?.free()
  }
}

/** 1 to 2^52 - 1, from the value under a key that nobody outside has: it says nothing about the value but whether it changed. */
function versionOf(sodium: Sodium, value: Region, key: Uint8Array): number {
  const hash = Buffer.from(sodium.keyedHash(value, key, 16))
  return 1 + ((hash.readUIntBE(0, 6) * 16 + (hash.readUInt8(6) & 15)) % (2 ** 52 - 1))
}

/** When the file that the value comes from was written, or an input of a template changed; now where nothing tells. Seconds since 1970. */
function changedAt(source: SourceSpec, inputs: Inputs): number {
  const file = 'file' in source ? source.file : 'path' in source ? source.path : undefined
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

try {
  await run()
} catch (error) {
  // A server that is gone needs no answer, and its pipes say so to every write.
  const serverIsGone = error instanceof SystemError && error.errno === errno.EPIPE
  if (!serverIsGone) createLog().error(`unseal: ${reasonOf(error)}`)
  process.exitCode = 1
}
