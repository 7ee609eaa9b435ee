import { PARKED, Refusal } from '../../src/fuse/handler.ts'
import { OUT_HEADER_BYTES } from '../../src/fuse/wire/encode.ts'
import { FUSE_READ_LOCKOWNER, type InHeader } from '../../src/fuse/wire/kernel.ts'
import { packTable } from '../../src/vfs/packed-table.ts'
import { SecretFs, type SecretFsOptions } from '../../src/vfs/secret-fs.ts'
import type { SecretTable } from '../../src/vfs/table.ts'
import { parseDirents } from './dirents.ts'
import { noRead } from './fuse-requests.ts'
import { replyMemory } from './tables.ts'

export const CAPACITY = 1 << 16
export function header(nodeid: number): InHeader {
  const rest = { uid: 0, gid: 0, pid: 4711, total_extlen: 0, padding: 0 }
  return { len: 40, opcode: 0, unique: 2n, nodeid, ...rest }
}

/** A filesystem, driven as the kernel drives it; a refusal comes back as its errno, negative. */
export class Driver {
  readonly memory = replyMemory(CAPACITY)
  readonly uncached: number[] = []
  readonly awaited: string[] = []
  /** What the gate says; lets everyone through until it is given a refusal. */
  readonly gate: { refusal?: Refusal; unit?: string } & SecretFsOptions['gate'] = {
    open: () => this.gate.refusal,
    read: () => this.gate.refusal,
    unitOf: () => this.gate.unit,
  }
  readonly fs: SecretFs

  constructor(first: SecretTable, virtual = new Map<string, () => Uint8Array>()) {
    const onUncached = (node: number) => this.uncached.push(node)
    this.fs = new SecretFs(packTable(first), {
      vault: this.memory.vault,
      gate: this.gate,
      virtual,
      onUncached,
      onAwaited: (name) => this.awaited.push(name),
    })
  }

  replace(table: SecretTable): void {
    this.fs.replace(packTable(table))
  }

  lookup(parent: number, name: string) {
    return unrefused(this.fs.lookup({ header: header(parent), body: undefined, name }))
  }

  getattr(node: number) {
    const body = { getattr_flags: 0, dummy: 0, fh: 0 }
    return unrefused(this.fs.getattr({ header: header(node), body, name: '' }))
  }

  open(node: number): number {
    const answer = this.fs.open({ header: header(node), body: { flags: 0, open_flags: 0 }, name: '' })
    if (answer === PARKED) throw new Error('the open was parked')
    return answer instanceof Refusal ? -answer.errno : answer.fh
  }

  /** The bytes of a read(2), or the errno; `direct: false` is a read that fills the page cache. */
  read(node: number, fh: number, offset = 0, size = CAPACITY, direct = true): string | number {
    const { frame } = this.memory
    const body = { ...noRead, fh, offset, size, read_flags: direct ? FUSE_READ_LOCKOWNER : 0 }
    const answer = this.fs.read({ header: header(node), body, name: '' }, frame)
    if (answer === PARKED) return 'parked'
    if (answer instanceof Refusal) return -answer.errno
    return Buffer.from(frame.bytes.subarray(OUT_HEADER_BYTES, OUT_HEADER_BYTES + answer)).toString()
  }

  /** The target of a symlink, or the errno. */
  readlink(node: number): string | number {
    const { frame } = this.memory
    const answer = unrefused(this.fs.readlink({ header: header(node), body: undefined, name: '' }, frame))
    if (answer < 0) return answer
    return Buffer.from(frame.bytes.subarray(OUT_HEADER_BYTES, OUT_HEADER_BYTES + answer)).toString()
  }

  release(node: number, fh: number): void {
    const body = { fh, flags: 0, release_flags: 0, lock_owner: 0n }
    this.fs.release({ header: header(node), body, name: '' })
  }

  /** Names and offsets of one READDIR or READDIRPLUS. */
  list(node: number, offset: number, size: number, plus = false) {
    const { frame } = this.memory
    const request = { header: header(node), body: { ...noRead, offset, size }, name: '' }
    const answer = plus ? this.fs.readdirplus(request, frame) : this.fs.readdir(request, frame)
    if (answer instanceof Refusal) return -answer.errno
    return parseDirents(frame.bytes.subarray(OUT_HEADER_BYTES, OUT_HEADER_BYTES + answer), plus)
  }
}

function unrefused<T>(answer: T | Refusal): T | number {
  return answer instanceof Refusal ? -answer.errno : answer
}
