import { Listed } from './listed.ts'
import { nodeId } from './node-id.ts'
import { Nodes } from './nodes.ts'
import type { PackedTable } from './packed-table.ts'
import { baseName, folderOf } from './paths.ts'
import { Secrets, type SecretFile } from './secrets.ts'
import type { TableHead } from './table.ts'

/** A node of the mounted tree. Immutable but for the values of secrets; a new table makes a new tree with the same node ids for the same paths. */
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
  readonly secrets: Secrets
  readonly nodes: Nodes<Node>
}

/** Files that aren't secrets, by path: looked up, never listed. */
export type VirtualFiles = ReadonlyMap<string, () => Uint8Array>

/** Build the tree of a table. The names of the table are valid and don't conflict (config/names). */
export function buildTree(table: PackedTable, virtual: VirtualFiles): Tree {
  const { generation, directoryMode, changedAt } = table
  const secrets = new Secrets(table)
  const folders = new Folders(directoryMode, secrets)
  const files = [...virtual].map(([path, content]): VirtualFile => {
    const file = { ...named('virtual', path), mode: 0o400, content }
    folders.holding(path, VIRTUAL_FOLDER_MODE, false).listed.add(file)
    return file
  })
  const own = [named('self', SELF), named('units', UNITS)]
  const nodes = new Nodes<Node>(secrets, [...folders.all, ...files, ...own])
  // FUSE has told its id.
  nodes.tell(folders.root.path)
  return { head: { generation, directoryMode, changedAt }, root: folders.root, secrets, nodes }
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

function named<Kind extends Node['kind']>(kind: Kind, path: string) {
  return { kind, id: nodeId(kind, path), name: baseName(path), path }
}

/** The directories of a tree. */
class Folders {
  readonly root: Directory
  readonly #byPath: Map<string, Directory>
  readonly #secrets: Secrets
  #placesIn: ReadonlyMap<string, readonly number[]> | undefined

  /** Those that hold secrets; further ones as they are asked for. */
  constructor(mode: number, secrets: Secrets) {
    this.#secrets = secrets
    this.root = this.#directory('', mode, undefined)
    this.#byPath = new Map([['', this.root]])
    const count = secrets.haveFolders ? secrets.length : 0
    for (let place = 0; place < count; place++) this.holding(secrets.pathAt(place), mode, true)
  }

  get all(): Iterable<Directory> {
    return this.#byPath.values()
  }

  /** The one that holds `path`; `listed` says whether new ones show in their parent. */
  holding(path: string, mode: number, listed: boolean): Directory {
    const own = folderOf(path)
    return this.#byPath.get(own) ?? this.#make(own, mode, listed)
  }

  #make(path: string, mode: number, listed: boolean): Directory {
    const parent = this.holding(path, mode, listed)
    const made = this.#directory(path, mode, parent)
    this.#byPath.set(path, made)
    if (listed) parent.listed.add(made)
    return made
  }

  #directory(path: string, mode: number, parent: Directory | undefined): Directory {
    const listed = new Listed<Node>(() => this.#secretsIn(path))
    return { ...named('directory', path), mode, parent, listed }
  }

  *#secretsIn(path: string): Generator<SecretFile> {
    this.#placesIn ??= placesByFolder(this.#secrets)
    for (const place of this.#placesIn.get(path) ?? []) yield this.#secrets.at(place)
  }
}

function placesByFolder(secrets: Secrets): Map<string, number[]> {
  const places = new Map<string, number[]>()
  for (let place = 0; place < secrets.length; place++) {
    const folder = folderOf(secrets.pathAt(place))
    const known = places.get(folder)
    if (known === undefined) places.set(folder, [place])
    else known.push(place)
  }
  return places
}
