import { closeSync, existsSync, readSync, statSync } from 'node:fs'
import { randomFillSync } from 'node:crypto'
import { errno } from '../base/errno.ts'
import { reasonOf, SourceError, SystemError } from '../base/errors.ts'
import { createLog } from '../base/log.ts'
import type { SourceSpec } from '../config/config.ts'
import { KEY_BYTES, loadSodium, type Region, type Sodium } from '../crypto/sodium.ts'
import { loadIdentities } from '../identity/load.ts'
import { openSource } from '../sources/registry.ts'
import { MAX_SECRET_BYTES, type OpenContext } from '../sources/source.ts'
import { mayComeLater } from '../sources/availability.ts'
import { longestWait } from '../sources/waiting.ts'
import { dieWithParent, forbidDumps } from '../sys/libc.ts'
import { PREFIX_BYTES, storeValue } from '../vault/value.ts'
import { BatchWriter } from './batch-writer.ts'
import { openAll } from './open-order.ts'
import { KEYS_BYTES, KEYS_FD, type Job, type Outcome } from './unseal-protocol.ts'

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
  dieWithParent()
  const sodium = await loadSodium()
  const input = await readInput()
  // The server ended, or had nothing to open, before it sent a job.
  if (input.length === 0) return
  const job = JSON.parse(input.toString('utf8')) as Job
  const keys = readKeys(sodium)
  const { identities, problems } = loadIdentities(job.identities)
  const context: OpenContext = { identities, identityProblems: problems, vaults: job.vaults ?? [] }
  const absent = !job.identities.every((path) => existsSync(path))
  const output = new BatchWriter(STDOUT, job.oneByOne)
  const open = async (index: number) => {
    const { name, source } = job.secrets[index] as Job['secrets'][number]
    try {
      output.add(index, ...store(sodium, keys, await openSource(source, name, context), source))
    } catch (error) {
      output.add(index, mayComeLater(error, absent) ? [reasonOf(error), true] : [reasonOf(error)])
    }
  }
  const [quick, waiting] = lanesOf(job)
  const onQuickDone = () => {
    output.hurry()
  }
  await openAll({ quick, waiting, open, onQuickDone })
  output.end()
}

function lanesOf({ secrets, oneByOne }: Job): [quick: number[], waiting: number[]] {
  const lanes: [number[], number[]] = [[], []]
  for (const [index, { source }] of secrets.entries())
    lanes[oneByOne || longestWait(source) === undefined ? 0 : 1].push(index)
  return lanes
}

async function readInput(): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of process.stdin) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

/** The keys go from the pipe to the WASM heap and to this child's own memory; nobody else has the descriptor. */
function readKeys(sodium: Sodium): Keys {
  const bytes = new Uint8Array(KEYS_BYTES)
  for (let at = 0; at < KEYS_BYTES;) {
    const read = readSync(KEYS_FD, bytes, at, KEYS_BYTES - at, null)
    if (read === 0) throw new Error('the server sent no keys')
    at += read
  }
  closeSync(KEYS_FD)
  return { memory: sodium.allocateFrom(bytes.subarray(0, KEY_BYTES)), version: bytes.subarray(KEY_BYTES) }
}

/** Wipes `value`. */
function store(sodium: Sodium, keys: Keys, value: Uint8Array, source: SourceSpec): [Outcome, Uint8Array] {
  let region: Region | undefined
  try {
    if (value.length > MAX_SECRET_BYTES) throw new SourceError('the value is longer than 1 MiB')
    region = sodium.allocateFrom(value)
    const prefix = randomFillSync(new Uint8Array(PREFIX_BYTES))
    const stored = storeValue(sodium, keys.memory, region, prefix)
    return [[value.length, versionOf(sodium, region, keys.version), changedAt(source)], stored]
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

/** When the file that the value comes from was written; now for a source that is no file. Seconds since 1970. */
function changedAt(source: SourceSpec): number {
  const file = 'file' in source ? source.file : 'path' in source ? source.path : undefined
  const milliseconds = file === undefined ? Date.now() : statSync(file).mtimeMs
  return Math.max(0, Math.floor(milliseconds / 1000))
}

try {
  await run()
} catch (error) {
  // A server that is gone needs no answer, and its pipes say so to every write.
  const serverIsGone = error instanceof SystemError && error.errno === errno.EPIPE
  if (!serverIsGone) createLog().error(`unseal: ${reasonOf(error)}`)
  process.exitCode = 1
}
