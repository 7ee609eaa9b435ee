import { SourceError, UnavailableError } from '../base/errors.ts'
import { inputsOf } from '../config/template-inputs.ts'
import type { Region, Sodium } from '../crypto/sodium.ts'
import { MAX_SECRET_BYTES } from '../sources/source.ts'
import { MemoryVault } from '../vault/memory-vault.ts'
import { storedLength } from '../vault/value.ts'
import type { PackedJob } from './packed-job.ts'
import type { Outcome } from './unseal-protocol.ts'

interface Settled {
  readonly outcome: Outcome
  readonly stored: Uint8Array | undefined
}

interface Slot {
  readonly settled: Promise<Settled>
  readonly settle: (settled: Settled) => void
}

/** The secrets that the templates of a job are made of, as ciphertext: each is plaintext only while a template is made of it. */
export class Inputs {
  readonly #sodium: Sodium
  readonly #key: Region
  readonly #slots = new Map<string, Slot>()
  readonly #changedAt = new Map<string, number>()
  #opener: { vault: MemoryVault; plain: Region } | undefined

  /** `stored` is what came behind the keys. */
  constructor(sodium: Sodium, key: Region, { secrets, known = [] }: PackedJob, stored: Uint8Array) {
    this.#sodium = sodium
    this.#key = key
    const needed = new Set([...secrets.others.values()].flatMap(inputsOf))
    const add = (name: string) => {
      if (needed.has(name)) this.#slots.set(name, slot())
    }
    if (needed.size > 0) for (let index = 0; index < secrets.length; index++) add(secrets.nameOf(index))
    for (const { name } of known) add(name)
    let at = 0
    for (const value of known) {
      if ('failing' in value)
        this.settle(value.name, value.unavailable ? [value.failing, true] : [value.failing])
      else {
        const sealed = stored.subarray(at, (at += storedLength(value.size)))
        this.settle(value.name, [value.size, 1, value.changedAt], sealed)
      }
    }
  }

  /** What came of a secret; nothing happens where no template needs it. */
  settle(name: string, outcome: Outcome, stored?: Uint8Array): void {
    const found = this.#slots.get(name)
    if (found === undefined) return
    if (typeof outcome[0] === 'number') this.#changedAt.set(name, outcome[2] as number)
    found.settle({ outcome, stored })
  }

  /** The plaintext, which the caller wipes, as soon as there is one. Rejects with the reason why there is none. */
  async get(name: string): Promise<Uint8Array> {
    const found = this.#slots.get(name)
    if (found === undefined) throw new UnavailableError('it is not opened yet')
    const { outcome, stored } = await found.settled
    const [size, unavailable] = outcome
    if (typeof size === 'string')
      throw unavailable === true ? new UnavailableError(size) : new SourceError(size)
    return this.#open(size, stored ?? new Uint8Array())
  }

  /** The last change of any of these. */
  changedAt(names: readonly string[]): number | undefined {
    const times = names.flatMap((name) => this.#changedAt.get(name) ?? [])
    return times.length === 0 ? undefined : Math.max(...times)
  }

  #open(size: number, sealed: Uint8Array): Uint8Array {
    this.#opener ??= this.#makeOpener()
    const { vault, plain } = this.#opener
    try {
      vault.open({ size, sealed, at: 0 }, 0, size)
      return plain.bytes().slice(0, size)
    } finally {
      plain.bytes().fill(0, 0, size)
    }
  }

  #makeOpener() {
    const plain = this.#sodium.allocate(MAX_SECRET_BYTES)
    return { plain, vault: new MemoryVault(this.#sodium, this.#key.bytes(), plain, 0) }
  }
}

function slot(): Slot {
  let settle: Slot['settle'] = () => undefined
  const settled = new Promise<Settled>((resolve) => (settle = resolve))
  return { settled, settle }
}
