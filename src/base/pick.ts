/** The items at these indexes, in their order; `items` itself where that are all. */
export function pick<Item>(items: readonly Item[], indexes: readonly number[]): readonly Item[] {
  if (indexes.length === items.length && indexes.every((index, place) => index === place)) return items
  return indexes.flatMap((index) => items[index] ?? [])
}
