import type { Rule } from '../policy/rules.ts'
import type { EntryValue, SecretStream, TableHead } from './table.ts'

/**
 * A table as it goes between threads and as it is served: a column for each field, because an object for each of very many secrets takes longer to make, to clone and to
 * collect than the first of them may wait. `rules` and `values` have each object that secrets share once.
 */
export interface PackedTable extends TableHead {
  /** As PathIndex has them. */
  readonly names: string
  readonly uids: Uint32Array
  readonly gids: Uint32Array
  readonly modes: Uint16Array
  readonly rules: readonly Rule[]
  readonly ruleOf: Uint32Array
  readonly values: readonly EntryValue[]
  readonly valueOf: Uint32Array
}

export function packTable({ secrets, ...head }: SecretStream): PackedTable {
  const rules = new Shared<Rule>()
  const values = new Shared<EntryValue>()
  const names: string[] = []
  const [uids, gids, modes] = [[] as number[], [] as number[], [] as number[]]
  const [ruleOf, valueOf] = [[] as number[], [] as number[]]
  for (const { name, uid, gid, mode, rule, value } of secrets) {
    names.push(name)
    uids.push(uid)
    gids.push(gid)
    modes.push(mode)
    ruleOf.push(rules.indexOf(rule))
    valueOf.push(values.indexOf(value))
  }
  return {
    ...head,
    names: names.join('\n'),
    uids: Uint32Array.from(uids),
    gids: Uint32Array.from(gids),
    modes: Uint16Array.from(modes),
    rules: rules.objects,
    ruleOf: Uint32Array.from(ruleOf),
    values: values.objects,
    valueOf: Uint32Array.from(valueOf),
  }
}

/** Objects, each once, in the order in which they came. */
class Shared<T extends object> {
  readonly objects: T[] = []
  readonly #indexes = new Map<T, number>()

  indexOf(object: T): number {
    const last = this.objects.length - 1
    if (last >= 0 && this.objects[last] === object) return last
    const known = this.#indexes.get(object)
    if (known !== undefined) return known
    const index = this.objects.push(object) - 1
    this.#indexes.set(object, index)
    return index
  }
}
