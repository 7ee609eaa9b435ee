import { UnitRule } from '../policy/evaluate.ts'
import type { Rule } from '../policy/rules.ts'
import { nodeId } from './node-id.ts'
import type { PackedTable } from './packed-table.ts'
import { PathIndex } from './path-index.ts'
import { baseName } from './paths.ts'
import type { EntryValue } from './table.ts'

/** The node of a secret. */
export interface SecretFile {
  readonly kind: 'secret'
  readonly id: number
  /** Last segment of the path. */
  readonly name: string
  /** From the root, without a leading slash. */
  readonly path: string
  readonly access: FileAccess
  /** Another one when another value of the secret comes. */
  readonly value: EntryValue
}

/** Whose a secret is. One object for all that are alike. */
export interface FileAccess {
  readonly uid: number
  readonly gid: number
  /** Permission bits. */
  readonly mode: number
  readonly rule: UnitRule
}

/** What doesn't change. */
type Columns = Omit<PackedTable, 'values' | 'valueOf'>

/** The secrets of a table, by their places in it. The node of one is made when it is asked for, and stays the same. */
export class Secrets implements Iterable<SecretFile> {
  readonly #columns: Columns
  readonly #paths: PathIndex
  readonly #values: EntryValue[]
  readonly #accesses: Accesses
  readonly #made: (SecretFile | undefined)[]
  /** 0: not made yet. */
  readonly #ids: Float64Array

  /** Throws when two have one name. */
  constructor(table: PackedTable) {
    // Values that are replaced aren't kept.
    const { values, valueOf, ...columns } = table
    const count = valueOf.length
    this.#columns = columns
    this.#paths = new PathIndex(columns.names, count)
    this.#values = Array.from(valueOf, (index) => values[index] as EntryValue)
    this.#accesses = new Accesses(columns)
    this.#made = new Array<SecretFile | undefined>(count).fill(undefined)
    this.#ids = new Float64Array(count)
  }

  get length(): number {
    return this.#values.length
  }

  /** The different rules that they have. */
  get rules(): readonly Rule[] {
    return this.#columns.rules
  }

  /** Has any of them a folder? */
  get haveFolders(): boolean {
    return this.#columns.names.includes('/')
  }

  placeOf(path: string): number | undefined {
    return this.#paths.placeOf(path)
  }

  find(path: string): SecretFile | undefined {
    const place = this.placeOf(path)
    return place === undefined ? undefined : this.at(place)
  }

  /** Only for a place below `length`, as the next ones. */
  at(place: number): SecretFile {
    return (this.#made[place] ??= new TableFile(this, place, this.pathAt(place), this.#accesses.at(place)))
  }

  pathAt(place: number): string {
    return this.#paths.at(place)
  }

  valueAt(place: number): EntryValue {
    return this.#values[place] as EntryValue
  }

  put(place: number, value: EntryValue): void {
    this.#values[place] = value
  }

  /** Made when it is asked for: many hashes take a while. */
  idAt(place: number): number {
    const known = this.#ids[place] ?? 0
    return known > 0 ? known : (this.#ids[place] = nodeId('secret', this.pathAt(place)))
  }

  /** In the order of the table. */
  *[Symbol.iterator](): Iterator<SecretFile> {
    for (let place = 0; place < this.length; place++) yield this.at(place)
  }
}

class TableFile implements SecretFile {
  readonly path: string
  readonly access: FileAccess
  readonly #secrets: Secrets
  readonly #place: number

  constructor(secrets: Secrets, place: number, path: string, access: FileAccess) {
    this.#secrets = secrets
    this.#place = place
    this.path = path
    this.access = access
  }

  get kind(): 'secret' {
    return 'secret'
  }

  get id(): number {
    return this.#secrets.idAt(this.#place)
  }

  get name(): string {
    return baseName(this.path)
  }

  get value(): EntryValue {
    return this.#secrets.valueAt(this.#place)
  }
}

/** Secrets that are alike share one, and those with the same rule share that, ready to be asked. */
class Accesses {
  readonly #columns: Columns
  readonly #byText = new Map<string, FileAccess>()
  readonly #rules = new Map<string, UnitRule>()

  constructor(columns: Columns) {
    this.#columns = columns
  }

  at(place: number): FileAccess {
    const { uids, gids, modes, ruleOf } = this.#columns
    const at = (column: Uint32Array | Uint16Array) => column[place] as number
    const text = `${at(uids)}:${at(gids)}:${at(modes)}:${at(ruleOf)}`
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    const rule = this.#ruleAt(at(ruleOf))
    const made = { uid: at(uids), gid: at(gids), mode: at(modes), rule }
    this.#byText.set(text, made)
    return made
  }

  #ruleAt(index: number): UnitRule {
    const rule = this.#columns.rules[index] as Rule
    const text = JSON.stringify(rule)
    const known = this.#rules.get(text) ?? new UnitRule(rule)
    this.#rules.set(text, known)
    return known
  }
}
