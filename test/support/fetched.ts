import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { VaultConfig, VaultSpec } from '../../src/config/config.ts'
import { loadSodium } from '../../src/crypto/sodium.ts'
import { FetchClient } from '../../src/daemon/fetch-client.ts'
import { KEYS_BYTES } from '../../src/daemon/unseal-protocol.ts'
import { MAX_SECRET_BYTES } from '../../src/sources/source.ts'
import { MemoryVault } from '../../src/vault/memory-vault.ts'
import { isPresent, type EntryValue } from '../../src/vfs/table.ts'

const sodium = await loadSodium()
const PATIENCE = 20_000

/** A source with a short refresh. */
export function wanted(
  server: string,
  path: string,
  field: string,
  rest: Partial<VaultSpec> = {},
): VaultSpec {
  return { kind: 'vault', server, path, field, version: undefined, refresh: 0.2, ...rest }
}

/** A fetch client, and what it said of each secret, by the place of the secret in its list. */
export class Fetched {
  readonly client: FetchClient
  /** All results of each secret, the newest last. */
  readonly said: EntryValue[][]
  readonly problems: string[] = []
  readonly #news = new EventEmitter().setMaxListeners(0)
  readonly #keys = randomBytes(KEYS_BYTES)

  constructor(vaults: readonly VaultConfig[], sources: readonly VaultSpec[]) {
    this.said = sources.map(() => [])
    this.client = new FetchClient({
      job: { vaults, secrets: sources.map((source, index) => ({ index, source })) },
      keys: this.#keys,
      onResults: (results) => {
        for (const { index, value } of results) this.said[index]?.push(value)
        this.#news.emit('news')
      },
      onProblem: (reason) => this.problems.push(reason),
    })
  }

  /** What was said of a secret last: its value as text, or why there is none. */
  now(index: number): string {
    const value = this.said[index]?.at(-1)
    if (value === undefined || 'pending' in value) return 'nothing yet'
    if (isPresent(value)) return this.#open(value)
    return `${value.unavailable === true ? 'unavailable' : 'failing'}: ${value.failing}`
  }

  /** Wait until that is so. */
  async until(index: number, what: string | RegExp): Promise<void> {
    const limit = AbortSignal.timeout(PATIENCE)
    const isSo = () => (typeof what === 'string' ? this.now(index) === what : what.test(this.now(index)))
    while (!isSo()) {
      await new Promise<void>((resolve, reject) => {
        this.#news.once('news', resolve)
        limit.onabort = () => reject(new Error(`waited in vain for ${String(what)}, got ${this.now(index)}`))
      })
    }
  }

  #open(value: Extract<EntryValue, { sealed: Uint8Array }>): string {
    const reply = sodium.allocate(MAX_SECRET_BYTES)
    new MemoryVault(sodium, this.#keys.subarray(0, 32), reply, 0).open(value, 0, value.size)
    const text = Buffer.from(reply.bytes().subarray(0, value.size)).toString()
    reply.free()
    return text
  }
}
