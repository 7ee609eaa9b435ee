import { existsSync, statSync } from 'node:fs'
import { errno } from '../base/errno.ts'
import { reasonOf, SystemError } from '../base/errors.ts'
import { createLog } from '../base/log.ts'
import type { SourceSpec } from '../config/config.ts'
import { loadSodium } from '../crypto/sodium.ts'
import { loadIdentities } from '../identity/load.ts'
import { openSource } from '../sources/registry.ts'
import { mayComeLater } from '../sources/availability.ts'
import type { OpenContext } from '../sources/source.ts'
import { longestWait } from '../sources/waiting.ts'
import { dieWithParent, forbidDumps } from '../sys/libc.ts'
import { BatchWriter } from './batch-writer.ts'
import { openAll } from './open-order.ts'
import { readKeys, sealValue } from './seal-value.ts'
import type { Job } from './unseal-protocol.ts'

/**
 * The unseal child: opens every source of one job with the private keys, gives the values back as ciphertext under the server's
 * memory key, and exits. The kernel then takes the whole heap, private keys and plaintext included.
 */
const STDOUT = 1

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
      const value = await openSource(source, name, context)
      output.add(index, ...sealValue(sodium, keys, value, () => changedAt(source)))
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

/** When the file that the value comes from was written; now for a source that is no file. Seconds since 1970. */
function changedAt(source: SourceSpec): number {
  const file = 'file' in source ? source.file : source.kind === 'file' ? source.path : undefined
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
