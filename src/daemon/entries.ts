import { isPending, type SecretEntry, type SecretTable } from '../vfs/table.ts'

/** A table whose entries change one by one, and what `status` counts of them: each change costs the same, however many there are. */
export class Entries {
  readonly #head: Omit<SecretTable, 'secrets'>
  readonly #entries: SecretEntry[]
  readonly #failing = new Set<number>()
  #pending = 0
  #table: SecretTable | undefined

  constructor(table: SecretTable) {
    const { secrets, ...head } = table
    this.#head = head
    this.#table = table
    this.#entries = [...secrets]
    for (const [index, entry] of secrets.entries()) this.#count(index, entry, 1)
  }

  /** The table as it is now. */
  get table(): SecretTable {
    this.#table ??= { ...this.#head, secrets: [...this.#entries] }
    return this.#table
  }

  /** The same with some of its entries, or others, alone. */
  tableOf(secrets: readonly SecretEntry[]): SecretTable {
    return { ...this.#head, secrets }
  }

  get generation(): number {
    return this.#head.generation
  }

  get total(): number {
    return this.#entries.length
  }

  get pending(): number {
    return this.#pending
  }

  /** Those without a value, in the order of the table. */
  get failing(): { readonly name: string; readonly reason: string }[] {
    return [...this.#failing]
      .sort((a, b) => a - b)
      .flatMap((index) => {
        const { name = '', value } = this.#entries[index] ?? {}
        return value !== undefined && 'failing' in value ? [{ name, reason: value.failing }] : []
      })
  }

  at(index: number): SecretEntry | undefined {
    return this.#entries[index]
  }

  put(index: number, entry: SecretEntry): void {
    const before = this.#entries[index]
    if (before !== undefined) this.#count(index, before, -1)
    this.#count(index, entry, 1)
    this.#entries[index] = entry
    this.#table = undefined
  }

  #count(index: number, { value }: SecretEntry, by: 1 | -1): void {
    if (isPending(value)) this.#pending += by
    if (!('failing' in value)) return
    if (by === 1) this.#failing.add(index)
    else this.#failing.delete(index)
  }
}
