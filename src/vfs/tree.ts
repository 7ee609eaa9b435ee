import { UnitRule } from '../policy/evaluate.ts'
import type { Rule } from '../policy/rules.ts'
import { Listed } from './listed.ts'
import { nodeId } from './node-id.ts'
import { Nodes } from './nodes.ts'
import type { EntryValue, SecretEntry, SecretStream, TableHead } from './table.ts'

/** A node of the mounted tree. Immutable but for values; a new table makes a new tree with the same node ids for the same paths. */
export type Node = Directory | SecretFile | VirtualFile | SelfLink | UnitsFolder | UnitView

interface Named {
  readonly id: number
  /** Last segment of the path; empty for the root. */
  readonly name: string
  /** From the root, without a leading slash; empty for the root. */
  readonly path: string
}

export interface Directory extends Named {
  readonly kind: 'directory'
  readonly mode: number
  readonly parent: Directory | undefined
  readonly listed: Listed<Node>
}

/** A table has very many of these: what follows from the path isn't kept, but for the id. */
export class SecretFile implements Named {
  readonly path: string
  readonly access: FileAccess
  /** Changes when another value of the secret comes. */
  value: EntryValue
  #id = 0

  constructor(path: string, access: FileAccess, value: EntryValue) {
    this.path = path
    this.access = access
    this.value = value
  }

  get kind(): 'secret' {
    return 'secret'
  }

  get id(): number {
    this.makeId()
    return this.#id
  }

  get name(): string {
    return baseName(this.path)
  }

  /** Have the id when it is asked for. */
  makeId(): void {
    if (this.#id === 0) this.#id = nodeId('secret', this.path)
  }
}

/** Whose a secret is. One object for all that are alike. */
export interface FileAccess {
  readonly uid: number
  readonly gid: number
  /** Permission bits. */
  readonly mode: number
  readonly rule: UnitRule
}

/** A file whose content is made at each open. */
export interface VirtualFile extends Named {
  readonly kind: 'virtual'
  readonly mode: number
  readonly content: () => Uint8Array
}

/** `.self`: the view of the caller's unit, asked for at each readlink. */
export interface SelfLink extends Named {
  readonly kind: 'self'
}

/** `.units`: a view for each unit (unit-views.ts). */
export interface UnitsFolder extends Named {
  readonly kind: 'units'
}

/** A directory as one unit sees it: what it may read. */
export interface UnitView extends Named {
  readonly kind: 'view'
  readonly unit: string
  readonly directory: Directory
}

export interface Tree {
  readonly head: TableHead
  readonly root: Directory
  /** In the order of the table. */
  readonly secrets: readonly SecretFile[]
  readonly nodes: Nodes<Node>
}

/** Files that aren't secrets, by path: looked up, never listed. */
export type VirtualFiles = ReadonlyMap<string, () => Uint8Array>

/** Build the tree of a table. The names of the table are valid and don't conflict (config/names). */
export function buildTree({ secrets: entries, ...head }: SecretStream, virtual: VirtualFiles): Tree {
  const folders = new Folders(head.directoryMode)
  const secrets: SecretFile[] = []
  const accessOf = accessMaker()
  for (const entry of entries) {
    const file = new SecretFile(entry.name, accessOf(entry), entry.value)
    secrets.push(file)
    folders.holding(file.path, head.directoryMode, true).listed.add(file)
  }
  const files = [...virtual].map(([path, content]): VirtualFile => {
    const file = { ...named('virtual', path), mode: 0o400, content }
    folders.holding(path, VIRTUAL_FOLDER_MODE, false).listed.add(file)
    return file
  })
  const own = [named('self', SELF), named('units', UNITS)]
  const nodes = new Nodes<Node>([...folders.all, ...secrets, ...files, ...own])
  // FUSE has told its id.
  nodes.tell(folders.root.path)
  return { head, root: folders.root, secrets, nodes }
}

/** hushfs' own names in the root; no secret's name starts with a dot. */
export const SELF = '.self'
export const UNITS = '.units'
const VIRTUAL_FOLDER_MODE = 0o700

/** What `name` is in a directory; the kernel is told. */
export function childOf({ nodes }: Tree, directory: Directory, name: string): Node | undefined {
  if (name === '' || name.includes('/')) return undefined
  return nodes.tell(directory.path === '' ? name : `${directory.path}/${name}`)
}

/** Secrets that are alike share one, and those with the same rule share that, ready to be asked. */
function accessMaker(): (entry: Omit<SecretEntry, 'name' | 'value'>) => FileAccess {
  const ruleOf = ruleMaker()
  const made = new Map<UnitRule, FileAccess[]>()
  return ({ uid, gid, mode, rule: text }) => {
    const rule = ruleOf(text)
    const alike = made.get(rule) ?? []
    const known = alike.find((one) => one.uid === uid && one.gid === gid && one.mode === mode)
    if (known !== undefined) return known
    const access = { uid, gid, mode, rule }
    alike.push(access)
    made.set(rule, alike)
    return access
  }
}

function ruleMaker(): (rule: Rule) => UnitRule {
  const made = new Map<Rule, UnitRule>()
  const byText = new Map<string, UnitRule>()
  const make = (rule: Rule) => {
    const text = JSON.stringify(rule)
    const known = byText.get(text) ?? new UnitRule(rule)
    byText.set(text, known)
    made.set(rule, known)
    return known
  }
  return (rule) => made.get(rule) ?? make(rule)
}

function named<Kind extends Node['kind']>(kind: Kind, path: string) {
  return { kind, id: nodeId(kind, path), name: baseName(path), path }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The directories of a tree, made as they are needed. */
class Folders {
  readonly root: Directory
  readonly #byPath: Map<string, Directory>

  constructor(mode: number) {
    this.root = { ...named('directory', ''), mode, parent: undefined, listed: new Listed() }
    this.#byPath = new Map([['', this.root]])
  }

  get all(): Iterable<Directory> {
    return this.#byPath.values()
  }

  /** The one that holds `path`; `listed` says whether new ones show in their parent. */
  holding(path: string, mode: number, listed: boolean): Directory {
    const own = path.slice(0, Math.max(0, path.lastIndexOf('/')))
    return this.#byPath.get(own) ?? this.#make(own, mode, listed)
  }

  #make(path: string, mode: number, listed: boolean): Directory {
    const parent = this.holding(path, mode, listed)
    const made: Directory = { ...named('directory', path), mode, parent, listed: new Listed() }
    this.#byPath.set(path, made)
    if (listed) parent.listed.add(made)
    return made
  }
}
