/** A set of indexes below a limit, in their order: a byte for each that could be in it, because a Set of many is large and slow to fill. */
export class IndexSet implements Iterable<number> {
  readonly #has: Uint8Array
  #size = 0

  /** `limit`: all indexes are below it. Indexes that aren't, are never in it. */
  constructor(limit: number, indexes: Iterable<number> = []) {
    this.#has = new Uint8Array(limit)
    for (const index of indexes) this.add(index)
  }

  /** Every index below `limit`. */
  static all(limit: number): IndexSet {
    const set = new IndexSet(limit)
    set.#has.fill(1)
    set.#size = limit
    return set
  }

  get size(): number {
    return this.#size
  }

  has(index: number): boolean {
    return this.#has[index] === 1
  }

  add(index: number): void {
    if (this.#has[index] !== 0) return
    this.#has[index] = 1
    this.#size++
  }

  /** Was it in the set? */
  delete(index: number): boolean {
    if (!this.has(index)) return false
    this.#has[index] = 0
    this.#size--
    return true
  }

  /** What is deleted meanwhile and comes later doesn't come. */
  *[Symbol.iterator](): Generator<number> {
    for (let index = this.#has.indexOf(1); index >= 0; index = this.#has.indexOf(1, index + 1)) yield index
  }
}
