interface Hashed {
  readonly id: number
}

/**
 * Items in the order of ids that are hashes, at least 0 and below `limit`, each found by its id. They are spread evenly over as many buckets as there are items, so
 * each is put near its place at once, and found there, without a comparison sort or a Map. Ids that aren't spread work too, but slowly.
 */
export class HashOrder<Item extends Hashed> {
  readonly items: Item[]
  readonly #limit: number
  /** Where each bucket ends. */
  readonly #ends: Uint32Array

  constructor(unsorted: readonly Item[], limit: number) {
    this.#limit = limit
    this.#ends = new Uint32Array(unsorted.length)
    const items = [...unsorted]
    this.items = items
    this.#countInto(items)
    for (const item of unsorted) {
      const bucket = this.#bucketOf(item.id)
      const place = this.#ends[bucket] ?? 0
      this.#ends[bucket] = place + 1
      items[place] = item
    }
    insertionSort(items)
  }

  get(id: number): Item | undefined {
    const bucket = this.#bucketOf(id)
    const end = this.#ends[bucket] ?? 0
    for (let at = this.#ends[bucket - 1] ?? 0; at < end; at++)
      if (this.items[at]?.id === id) return this.items[at]
    return undefined
  }

  /** `#ends` gets where each bucket starts: filling it moves that on to its end. */
  #countInto(items: readonly Item[]): void {
    const places = this.#ends
    for (const { id } of items) {
      const bucket = this.#bucketOf(id)
      places[bucket] = (places[bucket] ?? 0) + 1
    }
    let start = 0
    for (let bucket = 0; bucket < places.length; bucket++) {
      const count = places[bucket] ?? 0
      places[bucket] = start
      start += count
    }
  }

  #bucketOf(id: number): number {
    return Math.floor((id / this.#limit) * this.#ends.length)
  }
}

function insertionSort(items: Hashed[]): void {
  for (let end = 1; end < items.length; end++) {
    const item = items[end] as Hashed
    let at = end
    for (; at > 0 && (items[at - 1] as Hashed).id > item.id; at--) items[at] = items[at - 1] as Hashed
    items[at] = item
  }
}
