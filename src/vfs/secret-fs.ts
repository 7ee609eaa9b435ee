import { errno } from '../base/errno.ts'
import { refuse, type Handler, type Refusal } from '../fuse/handler.ts'
import type { Frame } from '../fuse/frame.ts'
import type { Request } from '../fuse/wire/decode.ts'
import { OUT_HEADER_BYTES } from '../fuse/wire/encode.ts'
import { FOPEN_DIRECT_IO, FOPEN_NOFLUSH } from '../fuse/wire/kernel.ts'
import { attributesOf, CACHE_SECONDS, entryOf } from './attributes.ts'
import { listDirectory } from './directories.ts'
import { OpenVersions } from './handles.ts'
import { isForCache, openSecret, readSecret, type ValueOpener } from './read-secret.ts'
import { Snapshots } from './snapshots.ts'
import type { SecretTable } from './table.ts'
import {
  buildTree,
  type Node,
  type SecretFile,
  type Tree,
  type VirtualFile,
  type VirtualFiles,
} from './tree.ts'

export interface SecretFsOptions {
  readonly vault: ValueOpener
  readonly virtual: VirtualFiles
  /** The last descriptor of a node whose pages the kernel may hold is closed. */
  readonly onUncached: (node: number) => void
}

/** What has been asked since the start, for `status`. */
export interface Counters {
  opens: number
  reads: number
  /** Opens and reads that were answered with an error. */
  errors: number
}

const NAME_BYTES = 255

/** The filesystem of secrets: the kernel's operations on the current tree. */
export class SecretFs implements Handler {
  readonly counters: Counters = { opens: 0, reads: 0, errors: 0 }
  readonly #options: SecretFsOptions
  readonly #open = new OpenVersions()
  readonly #snapshots = new Snapshots()
  /** Secrets of which the kernel has pages: by mmap, sendfile or splice, which go through its cache. */
  readonly #cached = new Set<number>()
  #tree: Tree

  constructor(table: SecretTable, options: SecretFsOptions) {
    this.#options = options
    this.#tree = buildTree(table, options.virtual)
  }

  /** Serve another table from the next request on. */
  replace(table: SecretTable): void {
    const next = buildTree(table, this.#options.virtual)
    this.#open.keep(this.#tree, next)
    this.#tree = next
  }

  readonly lookup = ({ header, name }: Request<'lookup'>) => {
    const parent = this.#tree.nodes.get(header.nodeid)
    if (parent === undefined) return refuse(errno.ESTALE)
    if (parent.kind !== 'directory') return refuse(errno.ENOTDIR)
    const child = parent.children.get(name)
    return child === undefined ? refuse(errno.ENOENT) : entryOf(child, this.#tree.table)
  }

  readonly getattr = ({ header }: Request<'getattr'>) => {
    const node = this.#tree.nodes.get(header.nodeid) ?? this.#removed(header.nodeid)
    if (node === undefined) return refuse(errno.ESTALE)
    const attr = attributesOf(node, this.#tree.table)
    return { attr_valid: CACHE_SECONDS, attr_valid_nsec: 0, dummy: 0, attr }
  }

  readonly readlink = (): Refusal => refuse(errno.EINVAL)

  readonly open = ({ header }: Request<'open'>) => {
    const node = this.#tree.nodes.get(header.nodeid)
    this.counters.opens++
    const fh = node === undefined ? refuse(errno.ESTALE) : this.#openNode(node)
    if (typeof fh !== 'number') {
      this.counters.errors++
      return fh
    }
    return { fh, open_flags: FOPEN_DIRECT_IO | FOPEN_NOFLUSH, backing_id: 0 }
  }

  readonly read = (request: Request<'read'>, frame: Frame): number | Refusal => {
    const node = this.#tree.nodes.get(request.header.nodeid)
    this.counters.reads++
    const length = this.#readNode(node, request, frame)
    if (typeof length !== 'number') this.counters.errors++
    return length
  }

  readonly release = ({ header, body }: Request<'release'>): undefined => {
    const node = header.nodeid
    if (this.#snapshots.close(body.fh)) return
    if (this.#open.released(node, body.fh) && this.#cached.delete(node)) this.#options.onUncached(node)
  }

  readonly opendir = ({ header }: Request<'opendir'>) => {
    const node = this.#tree.nodes.get(header.nodeid)
    if (node === undefined) return refuse(errno.ESTALE)
    if (node.kind !== 'directory') return refuse(errno.ENOTDIR)
    return { fh: 0, open_flags: 0, backing_id: 0 }
  }

  readonly readdir = (request: Request<'readdir'>, frame: Frame) => this.#list(request, frame, false)

  readonly readdirplus = (request: Request<'readdirplus'>, frame: Frame) => this.#list(request, frame, true)

  readonly releasedir = (): undefined => undefined

  readonly statfs = () => {
    const files = this.#tree.nodes.size
    const frsize = 4096
    return {
      blocks: 0,
      bfree: 0,
      bavail: 0,
      files,
      ffree: 0,
      bsize: frsize,
      namelen: NAME_BYTES,
      frsize,
      padding: 0,
      spare: undefined,
    }
  }

  #openNode(node: Node): number | Refusal {
    switch (node.kind) {
      case 'directory':
        return refuse(errno.EISDIR)
      case 'secret':
        return openSecret(node, this.#open)
      case 'virtual':
        return this.#snapshots.open(node.content())
    }
  }

  /** A secret that is gone from the table and that somebody still has open. */
  #removed(id: number): SecretFile | undefined {
    const entry = this.#open.lastReplaced(id)
    return entry && { kind: 'secret', id, name: entry.name, entry }
  }

  #readNode(node: Node | undefined, request: Request<'read'>, frame: Frame): number | Refusal {
    switch (node?.kind) {
      case 'directory':
        return refuse(errno.EISDIR)
      case 'virtual':
        return this.#readVirtual(node, request, frame)
      default:
        return this.#readSecret(node, request, frame)
    }
  }

  #readSecret(file: SecretFile | undefined, request: Request<'read'>, frame: Frame): number | Refusal {
    if (isForCache(request.body)) this.#cached.add(request.header.nodeid)
    return readSecret(file, request, this.#open, this.#options.vault, frame.capacity)
  }

  #readVirtual(file: VirtualFile, { body }: Request<'read'>, frame: Frame): number {
    const content = this.#snapshots.get(body.fh) ?? file.content()
    const part = content.subarray(body.offset, body.offset + Math.min(body.size, frame.capacity))
    frame.bytes.set(part, OUT_HEADER_BYTES)
    return part.length
  }

  #list(request: Request<'readdir' | 'readdirplus'>, frame: Frame, plus: boolean): number | Refusal {
    const node = this.#tree.nodes.get(request.header.nodeid)
    if (node === undefined) return refuse(errno.ESTALE)
    if (node.kind !== 'directory') return refuse(errno.ENOTDIR)
    const { offset, size } = request.body
    return listDirectory(node, this.#tree.table, offset, size, frame, plus)
  }
}
