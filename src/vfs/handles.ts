import { ownCopy } from '../vault/value.ts'
import { isPresent, versionOf, type EntryValue, type PresentValue } from './table.ts'
import type { SecretFile } from './secrets.ts'
import type { Tree } from './tree.ts'

/** A secret that has a value. */
export type PresentFile = SecretFile & { readonly value: PresentValue }

/**
 * Open descriptors of secrets. A handle is nothing but the version of the value that it was opened on, so a later server understands it; what is
 * kept here is how many there are, and the values that were replaced while somebody had them open.
 */
export class OpenVersions {
  /** By node id: the versions that somebody has open, nearly always one, and how many descriptors each has. */
  readonly #open = new Map<number, { readonly version: number; descriptors: number }[]>()
  /** Node id, then version, to the file as it was. Versions in the order of their replacement. */
  readonly #replaced = new Map<number, Map<number, PresentFile>>()

  opened(node: number, version: number): void {
    const known = this.#open.get(node)
    const same = known?.find((one) => one.version === version)
    if (same !== undefined) same.descriptors++
    else if (known !== undefined) known.push({ version, descriptors: 1 })
    else this.#open.set(node, [{ version, descriptors: 1 }])
  }

  /** True when no descriptor of the node is left. */
  released(node: number, version: number): boolean {
    const known = this.#open.get(node) ?? []
    const at = known.findIndex((one) => one.version === version)
    const found = known[at]
    if (found !== undefined && --found.descriptors > 0) return false
    if (found !== undefined) known.splice(at, 1)
    this.#forget(node, version)
    if (known.length > 0) return false
    this.#open.delete(node)
    return true
  }

  /** A file whose value was replaced, or that was removed, while that version of it was open. */
  replaced(node: number, version: number): PresentFile | undefined {
    return this.#replaced.get(node)?.get(version)
  }

  /** The newest of those. */
  lastReplaced(node: number): PresentFile | undefined {
    return [...(this.#replaced.get(node)?.values() ?? [])].at(-1)
  }

  /** Keep what `next` replaces and somebody has open. */
  keep(current: Tree, next: Tree): void {
    for (const id of this.#open.keys()) {
      const node = current.nodes.get(id)
      const successor = next.nodes.get(id)
      if (node?.kind !== 'secret') continue
      this.keepOne(node, successor?.kind === 'secret' ? successor.value : undefined)
    }
  }

  /** The same for one secret. A copy, so that the old table's memory can go. */
  keepOne(file: SecretFile, next: EntryValue | undefined): void {
    const { value } = file
    if (!isPresent(value) || !this.#isOpen(file.id, value.version)) return
    if (next !== undefined && versionOf(next) === value.version) return
    const kept = this.#replaced.get(file.id) ?? new Map<number, PresentFile>()
    this.#replaced.set(file.id, kept)
    const { kind, id, name, path, access } = file
    kept.set(value.version, { kind, id, name, path, access, value: ownCopy(value) })
  }

  #isOpen(node: number, version: number): boolean {
    return this.#open.get(node)?.some((one) => one.version === version) ?? false
  }

  #forget(node: number, version: number): void {
    const kept = this.#replaced.get(node)
    kept?.delete(version)
    if (kept?.size === 0) this.#replaced.delete(node)
  }
}
