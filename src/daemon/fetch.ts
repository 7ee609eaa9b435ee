import { reasonOf, SystemError, SourceError } from '../base/errors.ts'
import { errno } from '../base/errno.ts'
import { createLog } from '../base/log.ts'
import { loadSodium, type Sodium } from '../crypto/sodium.ts'
import { VaultClient } from '../kv/client.ts'
import { forbidDumps } from '../sys/libc.ts'
import { BatchWriter } from './batch-writer.ts'
import type { FetchJob } from './fetch-protocol.ts'
import { Poller, type PollResults } from './poller.ts'
import { readKeys, sealValue, type Keys } from './seal-value.ts'
import { onUnforeseen } from './unforeseen.ts'

/**
 * The fetch child: the only process of hushfs that talks to the network, without the FUSE descriptor and without private keys. It lives as long as the server: it
 * asks Vault and OpenBao for the secrets of its job, and again whether they changed, and gives values on as ciphertext under the server's memory key.
 */
const STDOUT = 1

async function run(): Promise<void> {
  forbidDumps()
  const sodium = await loadSodium()
  const input = new Input()
  const line = await input.line
  if (line === undefined) return
  const { vaults, secrets } = JSON.parse(line) as FetchJob
  const output = new Output(sodium, readKeys(sodium).keys)
  const parts = vaults.map((vault) => {
    const client = new VaultClient(vault, true)
    const own = secrets.filter(({ source }) => source.server === vault.name)
    return { client, poller: new Poller(client, own, output) }
  })
  for (const { poller } of parts) poller.start()
  await input.ended
  for (const { poller } of parts) poller.stop()
  await Promise.all(parts.map(({ client }) => client.close()))
}

/** Standard input: the job is its first line, its end the end of the server. */
class Input {
  readonly line: Promise<string | undefined>
  readonly ended: Promise<void>

  constructor() {
    let text = ''
    this.ended = new Promise((resolve) => {
      for (const event of ['end', 'close', 'error']) process.stdin.once(event, () => resolve())
    })
    this.line = new Promise((resolve) => {
      void this.ended.then(() => resolve(undefined))
      process.stdin.setEncoding('utf8').on('data', (piece: string) => {
        if (text.includes('\n')) return
        text += piece
        const end = text.indexOf('\n')
        if (end >= 0) resolve(text.slice(0, end))
      })
    })
  }
}

/** Results on standard output: of each secret only what differs from what was said last. */
class Output implements PollResults {
  readonly #sodium: Sodium
  readonly #keys: Keys
  readonly #writer = new BatchWriter(STDOUT, false)
  readonly #last = new Map<number, string>()
  #flushing = false

  constructor(sodium: Sodium, keys: Keys) {
    this.#sodium = sodium
    this.#keys = keys
  }

  value(index: number, value: Uint8Array, changedAt: number | undefined): void {
    const at = () => changedAt ?? Math.floor(Date.now() / 1000)
    const { outcome, stored } = sealValue(this.#sodium, this.#keys, value, at)
    const [, version] = outcome
    if (this.#isNew(index, `value ${version}`)) this.#soon(() => this.#writer.add(index, outcome, stored))
  }

  failing(index: number, error: unknown): void {
    const reason = reasonOf(error)
    // Only what the server itself says takes a value away.
    const isRefused = error instanceof SourceError
    if (!this.#isNew(index, `${isRefused ? 'failing' : 'unavailable'} ${reason}`)) return
    this.#soon(() => this.#writer.add(index, isRefused ? [reason] : [reason, true]))
  }

  #isNew(index: number, said: string): boolean {
    if (this.#last.get(index) === said) return false
    this.#last.set(index, said)
    return true
  }

  /** What comes in one turn of the event loop goes in one batch. */
  #soon(write: () => void): void {
    endWithServer(write)
    if (this.#flushing) return
    this.#flushing = true
    setImmediate(() => {
      this.#flushing = false
      endWithServer(() => this.#writer.flush())
    })
  }
}

/** A server that is gone reads nothing any more, and needs no message about it. */
function endWithServer(write: () => void): void {
  try {
    write()
  } catch (error) {
    if (error instanceof SystemError && error.errno === errno.EPIPE) process.exit(0)
    throw error
  }
}

onUnforeseen(createLog(), () => process.exit(1))
void run().then(() => process.exit(0))
