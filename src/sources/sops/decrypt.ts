import { createHash, timingSafeEqual, type Hash } from 'node:crypto'
import { SourceError } from '../../base/errors.ts'
import { decryptValue, isListComment, leafOf } from './cipher.ts'
import type { Metadata } from './metadata.ts'
import type { Comment, Leaf, ListNode, MapNode, Tree } from './tree.ts'

/** What a MAC over nothing but encrypted values starts with: SHA-256 of `sops` (sops.go, MACOnlyEncryptedInitialization). */
const ONLY_ENCRYPTED = createHash('sha256').update('sops').digest()

/**
 * Decrypts the documents of a file in place, in order, and verifies the MAC over them. Throws SourceError without the file's name;
 * what was decrypted until then stays with the caller, who gives none of it away.
 */
export function decryptDocuments(documents: readonly MapNode[], metadata: Metadata, key: Uint8Array): void {
  const walk = new Walk(metadata, key)
  for (const document of documents) walk.items(document, [], false)
  walk.verify()
}

class Walk {
  readonly #metadata: Metadata
  readonly #key: Uint8Array
  readonly #hash: Hash = createHash('sha512')

  constructor(metadata: Metadata, key: Uint8Array) {
    this.#metadata = metadata
    this.#key = key
    if (metadata.macOnlyEncrypted) this.#hash.update(ONLY_ENCRYPTED)
  }

  /** `matched`: the rule has matched on the way here. A comment holds for the next item that is none (sops.go, walkBranch). */
  items(node: MapNode | ListNode, path: readonly string[], matched: boolean): void {
    const { rule } = this.#metadata
    let commented = false
    for (const [index, item] of node.items.entries()) {
      if (item.kind === 'comment') {
        const before = matched || commented
        commented ||= rule.onComments && rule.matches(Buffer.from(item.bytes).toString())
        // A comment that starts encryption isn't encrypted itself; one that ends it isn't either.
        node.items[index] = this.#comment(item, path, rule.encrypts ? before : before || commented)
        continue
      }
      if (item.kind === 'entry') {
        const inner = matched || commented || (!rule.onComments && rule.matches(item.key))
        item.value = this.#tree(item.value, [...path, item.key], inner)
      } else (node.items as (Tree | Comment)[])[index] = this.#item(item, path, matched || commented)
      commented = false
    }
  }

  #item(item: Tree, path: readonly string[], matched: boolean): Tree | Comment {
    if (item.kind !== 'leaf' || !isListComment(item)) return this.#tree(item, path, matched)
    return this.#comment({ kind: 'comment', bytes: item.bytes, inline: false }, path, matched)
  }

  #tree(tree: Tree, path: readonly string[], matched: boolean): Tree {
    if (tree.kind === 'leaf') return this.#leaf(tree, path, this.#isEncrypted(matched))
    this.items(tree, path, matched)
    return tree
  }

  #isEncrypted(matched: boolean): boolean {
    return matched === this.#metadata.rule.encrypts
  }

  #leaf(leaf: Leaf, path: readonly string[], encrypted: boolean): Leaf {
    // null can't be encrypted and isn't part of the MAC.
    if (leaf.type === 'null') return leaf
    const value = encrypted ? this.#decrypted(leaf, path) : leaf
    if (encrypted || !this.#metadata.macOnlyEncrypted) this.#hash.update(value.bytes)
    return value
  }

  #decrypted(leaf: Leaf, path: readonly string[]): Leaf {
    // The empty string is encrypted as itself (aes/cipher.go, isEmpty).
    if (leaf.type === 'str' && leaf.bytes.length === 0) return leaf
    const where = `the value at ${describe(path)}`
    if (leaf.type !== 'str') throw new SourceError(`${where} should be encrypted and isn't`)
    const found = decryptValue(Buffer.from(leaf.bytes).toString(), this.#key, addressOf(path))
    if (found === undefined)
      throw new SourceError(
        `${where} is damaged, moved or not encrypted: it doesn't authenticate at its place`,
      )
    const value = leafOf(found)
    if (value === undefined) throw new SourceError(`${where} isn't of the type that it claims`)
    return value
  }

  /** A comment that doesn't decrypt is taken for one that never was encrypted, as sops does. No MAC covers comments. */
  #comment(comment: Comment, path: readonly string[], matched: boolean): Comment {
    if (!this.#isEncrypted(matched) || comment.bytes.length === 0) return comment
    const found = decryptValue(Buffer.from(comment.bytes).toString(), this.#key, addressOf(path))
    if (found === undefined) return comment
    // sops loses the place on the line of what it decrypts (aes/cipher.go makes a new Comment).
    return { kind: 'comment', bytes: found.bytes, inline: found.type !== 'comment' && comment.inline }
  }

  verify(): void {
    const { mac, lastModified } = this.#metadata
    const expected = decryptValue(mac, this.#key, lastModified)
    if (expected === undefined)
      throw new SourceError('the MAC is damaged, or the time of the last modification was changed')
    const computed = Buffer.from(this.#hash.digest('hex').toUpperCase())
    if (expected.bytes.length !== computed.length || !timingSafeEqual(expected.bytes, computed))
      throw new SourceError("the MAC doesn't fit: a value was changed, removed, added or moved", {
        hint: 'take the file from version control again, or look at it with `sops decrypt --ignore-mac`',
      })
  }
}

/** What a value is authenticated with: the keys on the way to it, without positions in lists. */
function addressOf(path: readonly string[]): string {
  return `${path.join(':')}:`
}

function describe(path: readonly string[]): string {
  return path.length === 0 ? 'the top' : path.join('/').slice(0, 120)
}
