interface AtPath {
  readonly path: string
}

/** Finds items by their paths, in eight bytes for each: a Map of many is large and slow to fill. */
export class PathIndex<Item extends AtPath> {
  readonly items: readonly Item[]
  /** By hash, the place behind which the first item of that hash stands; 0: there is none. Then the same by item, for the next one. */
  readonly #first: Uint32Array
  readonly #next: Uint32Array

  /** Throws when two items have one path. */
  constructor(items: readonly Item[]) {
    this.items = items
    this.#first = new Uint32Array(2 ** Math.ceil(Math.log2(items.length + 1)))
    this.#next = new Uint32Array(items.length)
    for (let place = 0; place < items.length; place++) this.#add(place)
  }

  get(path: string): Item | undefined {
    return this.#find(path, this.#slotOf(path))
  }

  #add(place: number): void {
    const { path } = this.items[place] as Item
    const slot = this.#slotOf(path)
    if (this.#find(path, slot) !== undefined) throw new Error(`two nodes have the path ${path}`)
    this.#next[place] = this.#first[slot] ?? 0
    this.#first[slot] = place + 1
  }

  #find(path: string, slot: number): Item | undefined {
    for (let behind = this.#first[slot] ?? 0; behind > 0; behind = this.#next[behind - 1] ?? 0) {
      const item = this.items[behind - 1]
      if (item?.path === path) return item
    }
    return undefined
  }

  #slotOf(path: string): number {
    return hashOf(path) & (this.#first.length - 1)
  }
}

/** FNV-1a of the characters, 32 bits (draft-eastlake-fnv). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}
