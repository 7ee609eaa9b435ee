import { isUnitName } from '../caller/unit-name.ts'
import { nodeId } from './node-id.ts'
import { childOf, UNITS, type Directory, type Node, type Tree, type UnitView } from './tree.ts'

/** Views that are remembered by node id; an older one is looked up again by its path (ESTALE makes the kernel do so). */
const MOST_VIEWS = 4096

/**
 * `.units/UNIT`: the tree as one unit sees it, for an instance or for a template (`backup@.service`: what any instance may read). Its files are the very
 * nodes of the tree; its folders are nodes of their own, made when somebody asks.
 */
export class UnitViews {
  readonly #views = new Map<number, { readonly unit: string; readonly path: string }>()

  /** The view of a unit, or undefined when there is nothing that it may read. */
  top(tree: Tree, unit: string): UnitView | undefined {
    return mayReadIn(tree.root, unit) ? this.#view(unit, '', tree.root) : undefined
  }

  /** What `name` is in a view. */
  child(tree: Tree, view: UnitView, name: string): Node | undefined {
    const child = childOf(tree, view.directory, name)
    return child === undefined ? undefined : this.#seen(view, child)
  }

  /** What a view shows, in the order of node ids. */
  list(view: UnitView): Node[] {
    const seen = [...view.directory.listed].flatMap((child) => this.#seen(view, child) ?? [])
    return seen.sort((a, b) => a.id - b.id)
  }

  /** A view by its node id, on the current tree. */
  get(tree: Tree, id: number): UnitView | undefined {
    const known = this.#views.size === 0 ? undefined : this.#views.get(id)
    if (known === undefined) return undefined
    const directory = tree.nodes.at(known.path)
    return directory?.kind === 'directory' ? viewOf(id, known.unit, known.path, directory) : undefined
  }

  #seen(view: UnitView, child: Node): Node | undefined {
    if (child.kind === 'secret') return child.access.rule.mayUnit(view.unit) ? child : undefined
    if (child.kind !== 'directory' || !mayReadIn(child, view.unit)) return undefined
    return this.#view(view.unit, child.path, child)
  }

  #view(unit: string, path: string, directory: Directory): UnitView {
    const id = nodeId('view', pathOf(unit, path))
    this.#views.delete(id)
    this.#views.set(id, { unit, path })
    if (this.#views.size > MOST_VIEWS) this.#views.delete(this.#views.keys().next().value ?? 0)
    return viewOf(id, unit, path, directory)
  }
}

/** Of a folder of the tree as a unit sees it. */
function pathOf(unit: string, path: string): string {
  return `${UNITS}/${unit}/${path}`
}

function viewOf(id: number, unit: string, path: string, directory: Directory): UnitView {
  const name = path === '' ? unit : directory.name
  return { kind: 'view', id, name, path: pathOf(unit, path), unit, directory }
}

function mayReadIn(directory: Directory, unit: string): boolean {
  for (const child of directory.listed)
    if (
      child.kind === 'secret'
        ? child.access.rule.mayUnit(unit)
        : child.kind === 'directory' && mayReadIn(child, unit)
    )
      return true
  return false
}

/** A unit or a template: what a view can be of. */
export function isViewName(name: string): boolean {
  return isUnitName(name.replace('@.', '@i.'))
}

/** Is `unit` the one whose view `name` is: itself, or an instance of that template? */
export function isViewOf(name: string, unit: string): boolean {
  const at = name.indexOf('@.')
  if (at === -1) return name === unit
  return (
    unit.startsWith(name.slice(0, at + 1)) && unit.endsWith(name.slice(at + 1)) && unit.length > name.length
  )
}

/** The units that rules name without wildcards: what `.units` lists. */
export function namedUnits({ secrets }: Tree): string[] {
  const units = secrets.rules.flatMap((rule) => rule.units ?? [])
  return [...new Set(units)].filter((unit) => !/[*?]/.test(unit))
}
