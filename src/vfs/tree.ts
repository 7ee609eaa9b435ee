import { createHash } from 'node:crypto'
import { FUSE_ROOT_ID } from '../fuse/wire/kernel.ts'
import type { SecretEntry, SecretTable } from './table.ts'

/** A node of the mounted tree. Immutable; a new table makes a new tree with the same node ids for the same paths. */
export type Node = Directory | SecretFile | VirtualFile

interface Named {
  readonly id: number
  /** Last segment of the path; empty for the root. */
  readonly name: string
}

export interface Directory extends Named {
  readonly kind: 'directory'
  readonly mode: number
  readonly parent: Directory | undefined
  readonly children: Map<string, Node>
  /** What READDIR shows, in the order of node ids, which are also its offsets: stable while tables change. */
  readonly listed: Node[]
}

export interface SecretFile extends Named {
  readonly kind: 'secret'
  readonly entry: SecretEntry
}

/** A file whose content is made at each open. */
export interface VirtualFile extends Named {
  readonly kind: 'virtual'
  readonly mode: number
  readonly content: () => Uint8Array
}

export interface Tree {
  readonly table: SecretTable
  readonly root: Directory
  readonly nodes: ReadonlyMap<number, Node>
}

/** Node ids are numbers below 2^52, so exact in a double, and above the small ones that FUSE reserves. */
const ID_LIMIT = 2 ** 52
const FIRST_ID = 1 << 16

/** The node id of a path: the same in every server, whatever else is mounted. The root has FUSE's own. */
export function nodeId(kind: Node['kind'], path: string): number {
  if (path === '') return FUSE_ROOT_ID
  const digest = createHash('sha256').update(`${kind}\0${path}`).digest()
  return FIRST_ID + ((digest.readUIntBE(0, 6) * 16 + (digest.readUInt8(6) & 15)) % (ID_LIMIT - FIRST_ID))
}

/** Files that aren't secrets, by path: looked up, never listed. */
export type VirtualFiles = ReadonlyMap<string, () => Uint8Array>

/** Build the tree of a table. The names of the table are valid and don't conflict (config/names). */
export function buildTree(table: SecretTable, virtual: VirtualFiles): Tree {
  const nodes = new Map<number, Node>()
  const root = newDirectory('', table.directoryMode, undefined)
  nodes.set(root.id, root)
  const add = <N extends Node>(node: N): N => {
    if (nodes.has(node.id)) throw new Error(`two paths have the node id ${node.id}`)
    nodes.set(node.id, node)
    return node
  }
  for (const entry of table.secrets) {
    const parent = directoryOf(root, entry.name, table.directoryMode, true, add)
    const file = add({ kind: 'secret', id: nodeId('secret', entry.name), name: baseName(entry.name), entry })
    parent.children.set(file.name, file)
    parent.listed.push(file)
  }
  for (const [path, content] of virtual) {
    const parent = directoryOf(root, path, 0o700, false, add)
    const file = add({
      kind: 'virtual',
      id: nodeId('virtual', path),
      name: baseName(path),
      mode: 0o400,
      content,
    })
    parent.children.set(file.name, file)
    parent.listed.push(file)
  }
  for (const node of nodes.values()) if (node.kind === 'directory') node.listed.sort((a, b) => a.id - b.id)
  return { table, root, nodes }
}

function newDirectory(path: string, mode: number, parent: Directory | undefined): Directory {
  return {
    kind: 'directory',
    id: nodeId('directory', path),
    name: baseName(path),
    mode,
    parent,
    children: new Map(),
    listed: [],
  }
}

/** The directory that holds `path`, made where it doesn't exist; `listed` says whether new ones show in their parent. */
function directoryOf(
  root: Directory,
  path: string,
  mode: number,
  listed: boolean,
  add: (node: Directory) => Directory,
): Directory {
  let directory = root
  for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1)) {
    const name = baseName(path.slice(0, end))
    let child = directory.children.get(name)
    if (child === undefined) {
      child = add(newDirectory(path.slice(0, end), mode, directory))
      directory.children.set(name, child)
      if (listed) directory.listed.push(child)
    }
    if (child.kind !== 'directory') throw new Error(`${path}: a part of it is a file`)
    directory = child
  }
  return directory
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
