import { closeSync, readSync, statSync } from 'node:fs'
import { randomFillSync } from 'node:crypto'
import { reasonOf, SourceError } from '../base/errors.ts'
import type { SourceSpec } from '../config/config.ts'
import { KEY_BYTES, loadSodium, type Region, type Sodium } from '../crypto/sodium.ts'
import { loadIdentities } from '../identity/load.ts'
import { openSource } from '../sources/registry.ts'
import { MAX_SECRET_BYTES, type OpenContext } from '../sources/source.ts'
import { forbidDumps, writeAll } from '../sys/libc.ts'
import { PREFIX_BYTES, storeValue } from '../vault/value.ts'
import { encodeBatch, KEYS_BYTES, KEYS_FD, type Description, type Job } from './unseal-protocol.ts'

/**
 * The unseal child: opens every source of one job with the private keys, gives the values back as ciphertext under the server's
 * memory key, and exits. The kernel then takes the whole heap, private keys and plaintext included.
 */
const STDOUT = 1
const BATCH_BYTES = 1 << 18
/** Readers wait for the first values while the others are being opened. */
const BATCH_COUNT = 64

interface Keys {
  readonly memory: Region
  readonly version: Uint8Array
}

async function run(): Promise<void> {
  forbidDumps()
  const sodium = await loadSodium()
  const input = await readInput()
  // The server ended, or had nothing to open, before it sent a job.
  if (input.length === 0) return
  const job = JSON.parse(input.toString('utf8')) as Job
  const keys = readKeys(sodium)
  const { identities, problems } = loadIdentities(job.identities)
  const context: OpenContext = { identities, identityProblems: problems }
  const output = new BatchWriter(job.oneByOne)
  for (const { name, source } of job.secrets) {
    try {
      const value = await openSource(source, name, context)
      output.add(...store(sodium, keys, value, source))
    } catch (error) {
      output.add(reasonOf(error), undefined)
    }
  }
  output.end()
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
function store(sodium: Sodium, keys: Keys, value: Uint8Array, source: SourceSpec): [Description, Uint8Array] {
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

/** Collects results into batches; writes block until the server has taken them. */
class BatchWriter {
  readonly #oneByOne: boolean
  #descriptions: Description[] = []
  #stored: Uint8Array[] = []
  #length = 0

  constructor(oneByOne: boolean) {
    this.#oneByOne = oneByOne
  }

  add(description: Description, stored: Uint8Array | undefined): void {
    this.#descriptions.push(description)
    if (stored !== undefined) this.#stored.push(stored)
    this.#length += stored?.length ?? 0
    const full = this.#length >= BATCH_BYTES || this.#descriptions.length >= BATCH_COUNT
    if (this.#oneByOne || full) this.#flush()
  }

  end(): void {
    if (this.#descriptions.length > 0) this.#flush()
    writeAll(STDOUT, encodeBatch([], []))
  }

  #flush(): void {
    writeAll(STDOUT, encodeBatch(this.#descriptions, this.#stored))
    this.#descriptions = []
    this.#stored = []
    this.#length = 0
  }
}

await run()
