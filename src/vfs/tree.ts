import * as crypto from 'node:crypto'
import { FUSE_ROOT_ID } from '../fuse/wire/kernel.ts'
import { UnitRule } from '../policy/evaluate.ts'
import type { Rule } from '../policy/rules.ts'
import { sortByHash } from './sort-by-hash.ts'
import type { SecretEntry, SecretTable } from './table.ts'

/** A node of the mounted tree. Immutable but for values; a new table makes a new tree with the same node ids for the same paths. */
export type Node = Directory | SecretFile | VirtualFile | SelfLink | UnitsFolder | UnitView

interface Named {
  readonly id: number
  /** Last segment of the path; empty for the root. */
  readonly name: string
}

export interface Directory extends Named {
  readonly kind: 'directory'
  /** From the root, without a leading slash; empty for the root. */
  readonly path: string
  readonly mode: number
  readonly parent: Directory | undefined
  readonly children: Map<string, Node>
  /** What READDIR shows, in the order of node ids, which are also its offsets: stable while tables change. */
  readonly listed: Node[]
}

export interface SecretFile extends Named {
  readonly kind: 'secret'
  /** Changes when another value of the secret comes. */
  entry: SecretEntry
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
  readonly table: SecretTable
  readonly root: Directory
  /** In the order of the table. */
  readonly secrets: readonly SecretFile[]
  readonly nodes: ReadonlyMap<number, Node>
}

/** Node ids are numbers below 2^52, so exact in a double, and above the small ones that FUSE reserves. */
const ID_LIMIT = 2 ** 52
const FIRST_ID = 1 << 16

/** The node id of a path: the same in every server, whatever else is mounted. The root has FUSE's own. */
export function nodeId(kind: Node['kind'], path: string): number {
  if (path === '') return FUSE_ROOT_ID
  const digest = sha256(`${kind}\0${path}`)
  // The first six bytes and the lower half of the next.
  const bits = Number.parseInt(digest.slice(0, 12), 16) * 16 + Number.parseInt(digest.charAt(13), 16)
  return FIRST_ID + (bits % (ID_LIMIT - FIRST_ID))
}

/** In hexadecimal. Node has `hash`, which takes a quarter of the time, since 20.12. */
const { hash } = crypto as Partial<Pick<typeof crypto, 'hash'>>
const sha256 = (text: string): string =>
  hash === undefined ? crypto.createHash('sha256').update(text).digest('hex') : hash('sha256', text, 'hex')

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
  const ruleOf = ruleMaker()
  const secrets: SecretFile[] = []
  for (const entry of table.secrets) {
    const parent = directoryOf(root, entry.name, table.directoryMode, true, add)
    const file = add(secretFile(nodeId('secret', entry.name), entry, ruleOf(entry.rule)))
    parent.children.set(file.name, file)
    parent.listed.push(file)
    secrets.push(file)
  }
  root.children.set(SELF, add({ kind: 'self', id: nodeId('self', SELF), name: SELF }))
  root.children.set(UNITS, add({ kind: 'units', id: nodeId('units', UNITS), name: UNITS }))
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
  for (const node of nodes.values()) if (node.kind === 'directory') sortByHash(node.listed, ID_LIMIT)
  return { table, root, secrets, nodes }
}

/** hushfs' own names in the root; no secret's name starts with a dot. */
export const SELF = '.self'
export const UNITS = '.units'

export function secretFile(id: number, entry: SecretEntry, rule: UnitRule): SecretFile {
  return { kind: 'secret', id, name: baseName(entry.name), entry, rule }
}

/** Secrets with the same rule share one that is ready to be asked. */
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

function newDirectory(path: string, mode: number, parent: Directory | undefined): Directory {
  return {
    kind: 'directory',
    path,
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
