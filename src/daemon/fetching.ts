import { setTimeout } from 'node:timers/promises'
import type { Log } from '../base/log.ts'
import type { Config, SecretConfig } from '../config/config.ts'
import { inputsOf } from '../config/template-inputs.ts'
import { mayUseNetwork } from '../sys/network.ts'
import type { EntryValue, IndexedValue } from '../vfs/table.ts'
import { FetchClient } from './fetch-client.ts'
import type { WantedSecret } from './fetch-protocol.ts'
import { TemplateInputs } from './template-inputs.ts'

/** No other start brings the network in: the unit has to be another one. */
const NO_NETWORK = {
  failing:
    'a vault needs the network, which the unit of this service forbids: run `hushfs install` again, then `systemctl restart hushfs`',
}

type Take = (results: readonly IndexedValue[]) => void

/** The secrets of one configuration that come from vaults, and the fetch child that asks for them; none where there are no such secrets. */
export class Fetching {
  readonly #client: FetchClient | undefined
  readonly #untried: Set<number>
  readonly #waiting = new Map<number, EntryValue>()
  #take: Take | undefined
  #allTried: () => void = () => undefined
  readonly #tried = new Promise<void>((resolve) => (this.#allTried = resolve))

  /** `keys` stay unwiped until `stop`. */
  constructor({ vaults, secrets }: Config, keys: Uint8Array, log: Log) {
    const wanted: WantedSecret[] = []
    for (const [index, { source }] of secrets.entries())
      if (source.kind === 'vault') wanted.push({ index, source })
    this.#untried = new Set(wanted.map(({ index }) => index))
    if (wanted.length === 0) this.#allTried()
    else if (!mayUseNetwork()) this.#hear(wanted.map(({ index }) => ({ index, value: NO_NETWORK })))
    else
      this.#client = new FetchClient({
        job: { vaults, secrets: wanted },
        keys,
        onResults: (results) => this.#hear(results),
        onProblem: (reason) => log.error(reason),
      })
  }

  /** Resolves when each secret was tried, or that took too long. */
  async tried(milliseconds: number): Promise<void> {
    await Promise.race([this.#tried, setTimeout(milliseconds, undefined, { ref: false })])
  }

  /** The last result of each secret since the last call, by its index in the configuration; only before `deliver`. */
  takeWaiting(): Map<number, EntryValue> {
    const results = new Map(this.#waiting)
    this.#waiting.clear()
    return results
  }

  /** Give on what waits, and from now on every result. */
  deliver(take: Take): void {
    this.#take = take
    const results = [...this.takeWaiting()].map(([index, value]) => ({ index, value }))
    if (results.length > 0) take(results)
  }

  /** No result comes after the call. Resolves when the child has signed out and is gone. */
  async stop(): Promise<void> {
    this.#take = () => undefined
    await this.#client?.stop()
  }

  #hear(results: readonly IndexedValue[]): void {
    for (const { index } of results) this.#untried.delete(index)
    if (this.#untried.size === 0) this.#allTried()
    if (this.#take !== undefined) this.#take(results)
    else for (const { index, value } of results) this.#waiting.set(index, value)
  }
}

/** What is asked for the configuration that is served, and the children of others that are still ending. */
export class Fetchings {
  readonly #keys: Uint8Array
  readonly #log: Log
  #current: Fetching | undefined
  readonly #running = new Set<Fetching>()
  readonly #ending = new Set<Promise<void>>()

  /** `keys` stay unwiped until `stop`. */
  constructor(keys: Uint8Array, log: Log) {
    this.#keys = keys
    this.#log = log
  }

  start(config: Config): Fetching {
    const fetching = new Fetching(config, this.#keys, this.#log)
    this.#running.add(fetching)
    return fetching
  }

  /** Give on what comes of this one, and nothing of any other from now on. */
  follow(fetching: Fetching, take: Take): void {
    if (this.#current !== undefined) this.leave(this.#current)
    this.#current = fetching
    fetching.deliver(take)
  }

  leave(fetching: Fetching): void {
    this.#running.delete(fetching)
    const stopped = fetching.stop()
    this.#ending.add(stopped)
    void stopped.finally(() => this.#ending.delete(stopped))
  }

  /** Resolves when every session has ended. */
  async stop(): Promise<void> {
    for (const fetching of this.#running) this.leave(fetching)
    await Promise.all(this.#ending)
  }
}

/**
 * Of these indexes, those that an unseal child opens: no secret of a vault, and no template with an input that has no result yet and isn't among them.
 */
export function openedByChild(
  secrets: readonly SecretConfig[],
  indexes: readonly number[],
  hasResult: (name: string) => boolean,
): number[] {
  const vaults = new Set(secrets.filter(({ source }) => source.kind === 'vault').map(({ name }) => name))
  if (vaults.size === 0) return [...indexes]
  const opened = new Set(indexes.flatMap((index) => secrets[index]?.name ?? []))
  return indexes.filter((index) => {
    const secret = secrets[index]
    if (secret === undefined || vaults.has(secret.name)) return false
    return inputsOf(secret.source).every((name) => hasResult(name) || (opened.has(name) && !vaults.has(name)))
  })
}

/** What templates have of vaults at a reload: what was said of a secret, or, when its vault can't be asked, the value that is `kept`. */
export function fetchedInputs(
  secrets: readonly SecretConfig[],
  results: ReadonlyMap<number, EntryValue>,
  kept: (secret: SecretConfig) => EntryValue | undefined,
): TemplateInputs {
  const inputs = new TemplateInputs(secrets)
  for (const [index, secret] of secrets.entries()) {
    if (secret.source.kind !== 'vault') continue
    const result = results.get(index)
    const wasAsked = result !== undefined && !('unavailable' in result)
    const value = wasAsked ? result : (kept(secret) ?? result)
    if (value !== undefined) inputs.keep(secret.name, value)
  }
  return inputs
}
