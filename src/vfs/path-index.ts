const LINE_FEED = 0x0a

/** Finds the places of paths in a list, in twelve bytes for each: a string for each, and a Map of them, are large and slow to make. */
export class PathIndex {
  readonly length: number
  readonly #text: string
  /** Where in the text each starts, and where one more would. */
  readonly #starts: Uint32Array
  /** By hash, the place behind which the first path of that hash stands; 0: there is none. Then the same by place, for the next one. */
  readonly #first: Uint32Array
  readonly #next: Uint32Array

  /** `text`: so many paths with a line feed between any two; none has one itself. Throws when two are the same. */
  constructor(text: string, count: number) {
    this.length = count
    this.#text = text
    this.#starts = new Uint32Array(count + 1)
    this.#first = new Uint32Array(2 ** Math.ceil(Math.log2(count + 1)))
    this.#next = new Uint32Array(count)
    for (let place = 0; place < count; place++) {
      const start = this.#starts[place] ?? 0
      const end = endOf(text, start)
      this.#starts[place + 1] = end + 1
      this.#add(place, hashOf(text, start, end))
    }
  }

  /** The path at a place. */
  at(place: number): string {
    return this.#text.slice(this.#startOf(place), this.#startOf(place + 1) - 1)
  }

  /** Undefined: it isn't in the list. */
  placeOf(path: string): number | undefined {
    const place = this.#find(path, 0, path.length, hashOf(path, 0, path.length))
    return place < 0 ? undefined : place
  }

  #add(place: number, hash: number): void {
    const [start, end] = [this.#startOf(place), this.#startOf(place + 1) - 1]
    if (this.#find(this.#text, start, end, hash) >= 0)
      throw new Error(`two nodes have the path ${this.at(place)}`)
    const slot = this.#slotOf(hash)
    this.#next[place] = this.#first[slot] ?? 0
    this.#first[slot] = place + 1
  }

  /** The place of the path that lies in `text` from `start` to `end`; -1: it isn't in the list. */
  #find(text: string, start: number, end: number, hash: number): number {
    let behind = this.#first[this.#slotOf(hash)] ?? 0
    for (; behind > 0; behind = this.#next[behind - 1] ?? 0)
      if (this.#isAt(behind - 1, text, start, end)) return behind - 1
    return -1
  }

  #isAt(place: number, text: string, start: number, end: number): boolean {
    const own = this.#startOf(place)
    if (this.#startOf(place + 1) - 1 - own !== end - start) return false
    // From the end: paths in one folder begin alike.
    for (let at = end - start - 1; at >= 0; at--)
      if (this.#text.charCodeAt(own + at) !== text.charCodeAt(start + at)) return false
    return true
  }

  #startOf(place: number): number {
    return this.#starts[place] ?? 0
  }

  #slotOf(hash: number): number {
    return hash & (this.#first.length - 1)
  }
}

/** Where the path that starts at `start` ends. */
function endOf(text: string, start: number): number {
  let end = start
  while (end < text.length && text.charCodeAt(end) !== LINE_FEED) end++
  return end
}

/** FNV-1a of the characters, 32 bits (draft-eastlake-fnv). */
function hashOf(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}
