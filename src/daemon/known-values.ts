import { isPresent, NOWHERE, type EntryValue } from '../vfs/table.ts'

/** What each of some secrets has, without its bytes. Columns of numbers take less memory than objects. */
export class KnownValues {
  /** Of those without a value. */
  readonly #others: (EntryValue | undefined)[]
  readonly #sizes: Uint32Array
  readonly #versions: Float64Array
  readonly #times: Float64Array

  constructor(count: number) {
    this.#others = new Array<EntryValue | undefined>(count).fill(undefined)
    this.#sizes = new Uint32Array(count)
    this.#versions = new Float64Array(count)
    this.#times = new Float64Array(count)
  }

  get length(): number {
    return this.#others.length
  }

  put(index: number, value: EntryValue): void {
    this.#others[index] = isPresent(value) ? undefined : value
    if (!isPresent(value)) return
    this.#sizes[index] = value.size
    this.#versions[index] = value.version
    this.#times[index] = value.changedAt
  }

  at(index: number): EntryValue {
    const of = (column: Uint32Array | Float64Array) => column[index] ?? 0
    return (
      this.#others[index] ?? {
        size: of(this.#sizes),
        version: of(this.#versions),
        changedAt: of(this.#times),
        ...NOWHERE,
      }
    )
  }
}
