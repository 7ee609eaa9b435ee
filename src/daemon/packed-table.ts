import type { Rule } from '../policy/rules.ts'
import type { EntryValue, SecretEntry, SecretStream, TableHead } from '../vfs/table.ts'

/**
 * A table as it goes between threads: a column for each field, because cloning an object costs more than filling it in. `rules` and `values` have each object that
 * entries share once.
 */
export interface PackedTable extends TableHead {
  /** Names have no line feeds. */
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

export function unpackTable(packed: PackedTable): SecretStream {
  const { generation, directoryMode, changedAt } = packed
  return { generation, directoryMode, changedAt, secrets: entriesOf(packed) }
}

function* entriesOf(packed: PackedTable): Generator<SecretEntry> {
  const { names, uids, gids, modes, rules, ruleOf, values, valueOf } = packed
  if (names === '') return
  const at = <T>(items: ArrayLike<T>, index: number) => items[index] as T
  for (const [index, name] of names.split('\n').entries()) {
    const rule = at(rules, at(ruleOf, index))
    const value = at(values, at(valueOf, index))
    yield { name, uid: at(uids, index), gid: at(gids, index), mode: at(modes, index), rule, value }
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
