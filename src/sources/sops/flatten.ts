import { SourceError } from '../../base/errors.ts'
import { entriesOf, type ListNode, type MapNode, type Tree } from './tree.ts'

/** dotenv and ini have one level: `age__list_0__map_enc` is `enc` in the first item of `age` (stores/flatten.go). */
const SEPARATOR = /__(map|list)_/

/** Far more than any metadata has: nothing is made for a place that a name only claims. */
const MAX_ITEMS = 10_000

interface Place {
  leaf: Tree | undefined
  readonly keys: Map<string, Place>
  readonly indices: Map<number, Place>
}

const newPlace = (): Place => ({ leaf: undefined, keys: new Map(), indices: new Map() })

/** The nested form of a flat map, without its comments. Throws SourceError where names contradict each other. */
export function unflatten(flat: MapNode): MapNode {
  const root = newPlace()
  for (const { key, value } of entriesOf(flat)) {
    const [first = '', ...rest] = key.split(SEPARATOR)
    let place = at(root.keys, first)
    for (let index = 0; index < rest.length; index += 2) {
      const name = rest[index + 1] ?? ''
      place = rest[index] === 'map' ? at(place.keys, name) : at(place.indices, position(name))
    }
    if (place.leaf !== undefined) throw contradiction(key)
    place.leaf = value
  }
  return { kind: 'map', items: itemsOf(root) }
}

function at<Key>(places: Map<Key, Place>, key: Key): Place {
  let place = places.get(key)
  if (place === undefined) {
    place = newPlace()
    places.set(key, place)
  }
  return place
}

function position(text: string): number {
  const index = /^(?:0|[1-9][0-9]*)$/.test(text) ? Number(text) : MAX_ITEMS
  if (index < MAX_ITEMS) return index
  throw new SourceError('the metadata has a list with a position that is none')
}

function itemsOf(place: Place): MapNode['items'] {
  return [...place.keys].map(([key, inner]) => ({ kind: 'entry', key, value: treeOf(inner, key) }))
}

function treeOf(place: Place, name: string): Tree {
  const kinds = [place.leaf !== undefined, place.keys.size > 0, place.indices.size > 0]
  if (kinds.filter(Boolean).length > 1) throw contradiction(name)
  if (place.leaf !== undefined) return place.leaf
  return place.indices.size > 0 ? listOf(place, name) : { kind: 'map', items: itemsOf(place) }
}

function listOf({ indices }: Place, name: string): ListNode {
  const items = Array.from({ length: indices.size }, (_, index) => {
    const place = indices.get(index)
    if (place === undefined) throw contradiction(name)
    return treeOf(place, name)
  })
  return { kind: 'list', items }
}

function contradiction(name: string): SourceError {
  return new SourceError(`the metadata contradicts itself at ${JSON.stringify(name.slice(0, 60))}`)
}
