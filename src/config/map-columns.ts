export interface MapColumns<Value> {
  readonly keys: readonly string[]
  /** In the order of the keys. */
  readonly values: readonly Value[]
}

const known = new WeakMap<object, MapColumns<unknown>>()

/** The keys and values of what a parser made and nobody changes, listed once: V8 sorts the keys of a large map anew each time that something goes through it. */
export function columnsOf<Value>(map: Readonly<Record<string, Value>>): MapColumns<Value> {
  const found = known.get(map) as MapColumns<Value> | undefined
  if (found !== undefined) return found
  const keys = Object.keys(map)
  const columns = { keys, values: keys.map((key) => map[key] as Value) }
  known.set(map, columns)
  return columns
}
