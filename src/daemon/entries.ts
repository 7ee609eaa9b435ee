import {
  isPending,
  type EntryValue,
  type SecretEntry,
  type SecretStream,
  type SecretTable,
  type TableHead,
} from '../vfs/table.ts'
import { KnownValues } from './known-values.ts'

/** Makes the entry of the secret at an index of the configuration. */
export type EntryMaker = (index: number, value: EntryValue) => SecretEntry

/** A table whose values change one by one, without their bytes, and what `status` counts of them: each change costs the same, however many there are. */
export class Entries {
  readonly #head: TableHead
  readonly #values: KnownValues
  readonly #entryOf: EntryMaker
  readonly #failing = new Set<number>()
  #pending = 0

  /** Entries are made when they are asked for: kept, they would take more memory than what they are made of. */
  constructor(head: TableHead, values: readonly EntryValue[], entryOf: EntryMaker) {
    this.#head = head
    this.#entryOf = entryOf
    this.#values = new KnownValues(values.length)
    for (const [index, value] of values.entries()) this.#keep(index, entryOf(index, value).value)
  }

  /** The table as it is now. */
  get table(): SecretTable {
    return this.tableOf([...this.#all()])
  }

  /** The same, to go through once. */
  get stream(): SecretStream {
    return { ...this.#head, secrets: this.#all() }
  }

  /** The same with some of its entries, or others, alone. */
  tableOf(secrets: readonly SecretEntry[]): SecretTable {
    return { ...this.#head, secrets }
  }

  get generation(): number {
    return this.#head.generation
  }

  get total(): number {
    return this.#values.length
  }

  get pending(): number {
    return this.#pending
  }

  /** Those without a value, in the order of the table. */
  get failing(): { readonly name: string; readonly reason: string }[] {
    return [...this.#failing]
      .sort((a, b) => a - b)
      .flatMap((index) => {
        const { name, value } = this.#made(index)
        return 'failing' in value ? [{ name, reason: value.failing }] : []
      })
  }

  at(index: number): SecretEntry | undefined {
    return index >= 0 && index < this.total ? this.#made(index) : undefined
  }

  /** Undefined: there is no such secret. */
  valueAt(index: number): EntryValue | undefined {
    return index >= 0 && index < this.total ? this.#values.at(index) : undefined
  }

  put(index: number, value: EntryValue): void {
    this.#count(index, this.#values.at(index), -1)
    this.#keep(index, value)
  }

  *#all(): Generator<SecretEntry> {
    for (let index = 0; index < this.total; index++) yield this.#made(index)
  }

  #made(index: number): SecretEntry {
    return this.#entryOf(index, this.#values.at(index))
  }

  #keep(index: number, value: EntryValue): void {
    this.#values.put(index, value)
    this.#count(index, value, 1)
  }

  #count(index: number, value: EntryValue, by: 1 | -1): void {
    if (isPending(value)) this.#pending += by
    if (!('failing' in value)) return
    if (by === 1) this.#failing.add(index)
    else this.#failing.delete(index)
  }
}
