import { errno } from '../base/errno.ts'
import { PARKED, refuse, type Handler, type Refusal } from '../fuse/handler.ts'
import type { Frame } from '../fuse/frame.ts'
import type { Request } from '../fuse/wire/decode.ts'
import { OUT_HEADER_BYTES } from '../fuse/wire/encode.ts'
import { FOPEN_DIRECT_IO, FOPEN_NOFLUSH, type InHeader } from '../fuse/wire/kernel.ts'
import { attributesOf, attrSeconds, entryOf } from './attributes.ts'
import { isFolder, listDirectory, type Listing } from './directories.ts'
import { OpenVersions } from './handles.ts'
import {
  isForCache,
  openSecret,
  readSecret,
  type Access,
  type Reading,
  type ValueOpener,
} from './read-secret.ts'
import { Snapshots } from './snapshots.ts'
import type { PackedTable } from './packed-table.ts'
import type { SecretFile, Secrets } from './secrets.ts'
import { isPresent, type IndexedValue } from './table.ts'
import {
  buildTree,
  childOf,
  UNITS,
  type Node,
  type Tree,
  type VirtualFile,
  type VirtualFiles,
} from './tree.ts'
import { Awaited, mustWait } from './waiting.ts'
import { isViewName, isViewOf, namedUnits, UnitViews } from './unit-views.ts'

export interface SecretFsOptions {
  readonly vault: ValueOpener
  readonly gate: Access & { unitOf(header: InHeader): string | undefined }
  readonly virtual: VirtualFiles
  /** The last descriptor of a node whose pages the kernel may hold is closed. */
  readonly onUncached: (node: number) => void
  /** A reader waits for the value of this secret, the first one. */
  readonly onAwaited: (name: string) => void
}

/** What has been asked since the start, for `status`. */
export interface Counters {
  opens: number
  reads: number
  /** Opens and reads that were answered with an error. */
  errors: number
}

const NAME_BYTES = 255
const LOST = { failing: 'its value was lost in a reload' }
const ROOT = 0

/** The filesystem of secrets: the kernel's operations on the current tree. */
export class SecretFs implements Handler {
  readonly counters: Counters = { opens: 0, reads: 0, errors: 0 }
  readonly #options: SecretFsOptions
  readonly #open = new OpenVersions()
  readonly #snapshots = new Snapshots()
  /** Secrets of which the kernel has pages: by mmap, sendfile or splice, which go through its cache. */
  readonly #cached = new Set<number>()
  readonly #awaited: Awaited
  readonly #views = new UnitViews()
  readonly #reading: Reading
  #tree: Tree

  constructor(table: PackedTable, options: SecretFsOptions) {
    this.#options = options
    this.#awaited = new Awaited(options.onAwaited)
    this.#reading = { gate: options.gate, open: this.#open, vault: options.vault }
    this.#tree = buildTree(table, options.virtual)
  }

  /** Serve another table from the next request on. */
  replace(table: PackedTable): void {
    const next = buildTree(table, this.#options.virtual)
    carryOver(this.#tree.secrets, next.secrets)
    this.#open.keep(this.#tree, next)
    this.#awaited.clear()
    this.#tree = next
  }

  /** Other values of the table. Who waits for them must be asked for again. */
  settle(values: readonly IndexedValue[]): void {
    const { secrets } = this.#tree
    for (const { index, value } of values) {
      if (index >= secrets.length) continue
      if (isPresent(secrets.valueAt(index))) this.#open.keepOne(secrets.at(index), value)
      secrets.put(index, value)
      // Who lists all of them, or asks for what an earlier server has told, waits for ids that aren't made yet.
      this.#awaited.settled(secrets.idAt(index))
    }
  }

  readonly lookup = ({ header, name }: Request<'lookup'>) => {
    const parent = this.#node(header.nodeid)
    if (parent === undefined) return refuse(errno.ESTALE)
    if (!isFolder(parent)) return refuse(errno.ENOTDIR)
    const child = this.#child(parent, name, header)
    return child === undefined ? refuse(errno.ENOENT) : entryOf(child, this.#tree.head)
  }

  readonly getattr = ({ header }: Request<'getattr'>) => {
    const node = this.#node(header.nodeid) ?? this.#removed(header.nodeid)
    if (node === undefined) return refuse(errno.ESTALE)
    if (node.kind === 'secret' && mustWait(node.value, header)) return this.#awaited.park(node)
    const attr = attributesOf(node, this.#tree.head)
    return { attr_valid: attrSeconds(node), attr_valid_nsec: 0, dummy: 0, attr }
  }

  readonly readlink = ({ header }: Request<'readlink'>, frame: Frame): number | Refusal => {
    if (this.#node(header.nodeid)?.kind !== 'self') return refuse(errno.EINVAL)
    const unit = this.#options.gate.unitOf(header)
    return unit === undefined
      ? refuse(errno.ENOENT)
      : putPayload(frame, Buffer.from(`${UNITS}/${unit}`, 'latin1'))
  }

  readonly open = ({ header }: Request<'open'>) => {
    const node = this.#node(header.nodeid)
    const fh = node === undefined ? refuse(errno.ESTALE) : this.#openNode(node, header)
    if (fh === PARKED) return fh
    this.counters.opens++
    if (typeof fh !== 'number') {
      this.counters.errors++
      return fh
    }
    return { fh, open_flags: FOPEN_DIRECT_IO | FOPEN_NOFLUSH, backing_id: 0 }
  }

  readonly read = (request: Request<'read'>, frame: Frame): number | Refusal | typeof PARKED => {
    const node = this.#node(request.header.nodeid) ?? this.#removed(request.header.nodeid)
    const length = node === undefined ? refuse(errno.ESTALE) : this.#readNode(node, request, frame)
    if (length === PARKED) return length
    this.counters.reads++
    if (typeof length !== 'number') this.counters.errors++
    return length
  }

  readonly release = ({ header, body }: Request<'release'>): undefined => {
    const node = header.nodeid
    if (this.#snapshots.close(body.fh)) return
    if (this.#open.released(node, body.fh) && this.#cached.delete(node)) this.#options.onUncached(node)
  }

  readonly opendir = ({ header }: Request<'opendir'>) => {
    const node = this.#node(header.nodeid)
    if (node === undefined) return refuse(errno.ESTALE)
    if (!isFolder(node)) return refuse(errno.ENOTDIR)
    if (node.kind === 'view' && !this.#mayView(node.unit, header)) return refuse(errno.EACCES)
    return { fh: 0, open_flags: 0, backing_id: 0 }
  }

  readonly readdir = (request: Request<'readdir'>, frame: Frame) => this.#list(request, frame, false)

  readonly readdirplus = (request: Request<'readdirplus'>, frame: Frame) => this.#list(request, frame, true)

  readonly releasedir = (): undefined => undefined

  readonly statfs = () => {
    const files = this.#tree.nodes.count
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

  /** Folders of `.units` are nodes that no table holds. */
  #node(id: number): Node | undefined {
    return this.#views.get(this.#tree, id) ?? this.#tree.nodes.get(id)
  }

  #child(parent: Node, name: string, header: InHeader): Node | undefined {
    if (parent.kind === 'directory') return childOf(this.#tree, parent, name)
    if (parent.kind === 'view') return this.#views.child(this.#tree, parent, name)
    return this.#mayView(name, header) ? this.#views.top(this.#tree, name) : undefined
  }

  /** A view is for its unit and for root. */
  #mayView(name: string, header: InHeader): boolean {
    if (header.uid === ROOT) return isViewName(name)
    const unit = this.#options.gate.unitOf(header)
    return unit !== undefined && isViewOf(name, unit)
  }

  #openNode(node: Node, header: InHeader): number | Refusal | typeof PARKED {
    if (node.kind === 'secret') return this.#awaited.orPark(node, openSecret(node, header, this.#reading))
    if (node.kind === 'virtual') return this.#snapshots.open(node.content())
    return refuse(node.kind === 'self' ? errno.EINVAL : errno.EISDIR)
  }

  /** A secret that is gone from the table and that somebody still has open. */
  #removed(id: number): SecretFile | undefined {
    return this.#open.lastReplaced(id)
  }

  #readNode(node: Node, request: Request<'read'>, frame: Frame): number | Refusal | typeof PARKED {
    if (node.kind === 'secret') return this.#readSecret(node, request, frame)
    if (node.kind === 'virtual') return this.#readVirtual(node, request, frame)
    return refuse(errno.EISDIR)
  }

  #readSecret(file: SecretFile, request: Request<'read'>, frame: Frame): number | Refusal | typeof PARKED {
    if (isForCache(request.body)) this.#cached.add(file.id)
    return this.#awaited.orPark(file, readSecret(file, request, this.#reading, frame.capacity))
  }

  #readVirtual(file: VirtualFile, { body }: Request<'read'>, frame: Frame): number {
    const content = this.#snapshots.get(body.fh) ?? file.content()
    return putPayload(frame, content.subarray(body.offset, body.offset + Math.min(body.size, frame.capacity)))
  }

  #list(request: Request<'readdir' | 'readdirplus'>, frame: Frame, plus: boolean): number | Refusal {
    const node = this.#node(request.header.nodeid)
    if (node === undefined) return refuse(errno.ESTALE)
    const listing = this.#listing(node)
    if (listing === undefined) return refuse(errno.ENOTDIR)
    const { offset, size } = request.body
    return listDirectory(listing, this.#tree.head, offset, size, frame, plus)
  }

  #listing(self: Node): Listing | undefined {
    if (self.kind === 'directory') return { self, parent: self.parent ?? self, listed: self.listed.inOrder }
    if (self.kind === 'view') return { self, parent: self, listed: this.#views.list(self) }
    if (self.kind !== 'units') return undefined
    const listed = namedUnits(this.#tree).flatMap((unit) => this.#views.top(this.#tree, unit) ?? [])
    return { self, parent: this.#tree.root, listed: listed.sort((a, b) => a.id - b.id) }
  }
}

/** A value that came without its bytes is the one that is served already. */
function carryOver(from: Secrets, to: Secrets): void {
  for (let place = 0; place < to.length; place++) {
    const value = to.valueAt(place)
    if (!isPresent(value) || value.sealed.length > 0) continue
    const before = from.placeOf(to.pathAt(place))
    const known = before === undefined ? undefined : from.valueAt(before)
    const same = known !== undefined && isPresent(known) && known.version === value.version
    to.put(place, same ? { ...value, sealed: known.sealed, at: known.at } : LOST)
  }
}

function putPayload(frame: Frame, bytes: Uint8Array): number {
  frame.bytes.set(bytes, OUT_HEADER_BYTES)
  return bytes.length
}
