import { fuse_in_header, initFlag } from './wire/kernel.ts'

/** What was agreed upon at INIT, which the kernel says once per mount. */
export interface Negotiated {
  readonly minor: number
  /** Both words. */
  readonly flags: bigint
}

/** A request that waits for its answer, and where it is written down. */
export interface Parked {
  readonly unique: bigint
  /** As it came. */
  readonly bytes: Uint8Array
  readonly slot: number
}

/** Names this layout: another one has another number. */
const MAGIC = 0x6a66_6801
/** Room for the marks of the connection: magic, minor, flags. */
const HEADER_BYTES = 4096
/** No request that hushfs takes is longer: names and structs, no WRITE. FUSE_MIN_READ_BUFFER is 8192. */
const REQUEST_BYTES = 1 << 17
/** GETATTR, OPEN and READ, the ones that wait, have 48 to 80 bytes (kernel.ts). */
const SLOT_BYTES = 128
const SLOTS = 8192

/**
 * The requests that a server has read and not answered. In memory that outlives the server, the next one answers them: the kernel takes a reply from whoever holds
 * the descriptor. read(2) puts each request straight into this memory, so writing it down costs nothing.
 *
 * Layout, little endian: magic u32, minor u32, flags u64; at HEADER_BYTES the request in flight; behind REQUEST_BYTES the slots of parked ones. A request
 * starts with its length (u32, struct fuse_in_header); 0 there: none.
 */
export class Journal {
  static readonly BYTES = HEADER_BYTES + REQUEST_BYTES + SLOTS * SLOT_BYTES
  /** Where the next request is read to. */
  readonly request: Uint8Array
  readonly view: DataView
  readonly #header: DataView
  readonly #slots: Uint8Array
  readonly #lengths: DataView
  /** Slots below this one were used; a free one is looked for from here on. */
  #next = 0

  /** Over BYTES bytes: zeros for a new connection, else what the server before has left. */
  constructor(memory: Uint8Array) {
    const { buffer, byteOffset } = memory
    this.#header = new DataView(buffer, byteOffset, HEADER_BYTES)
    this.request = new Uint8Array(buffer, byteOffset + HEADER_BYTES, REQUEST_BYTES)
    this.view = new DataView(buffer, byteOffset + HEADER_BYTES, REQUEST_BYTES)
    this.#slots = new Uint8Array(buffer, byteOffset + HEADER_BYTES + REQUEST_BYTES, SLOTS * SLOT_BYTES)
    this.#lengths = new DataView(this.#slots.buffer, this.#slots.byteOffset, this.#slots.length)
  }

  /** Undefined before INIT was answered. */
  get negotiated(): Negotiated | undefined {
    if (this.#header.getUint32(0, true) !== MAGIC) return undefined
    return { minor: this.#header.getUint32(4, true), flags: this.#header.getBigUint64(8, true) }
  }

  /** INIT is being answered. */
  agree(value: Negotiated): void {
    this.#header.setUint32(4, value.minor, true)
    this.#header.setBigUint64(8, value.flags, true)
    this.#header.setUint32(0, MAGIC, true)
  }

  /** Written by a version of hushfs that lays it out otherwise. */
  get isForeign(): boolean {
    return ![0, MAGIC].includes(this.#header.getUint32(0, true))
  }

  /** For a connection whose INIT an unknown server has answered: every kernel may be asked to send requests again. */
  assumeInit(): void {
    this.agree({ minor: 0, flags: 1n << BigInt(initFlag.HAS_RESEND) })
  }

  /** Length of the request that was read and not answered; 0: there is none. */
  get inFlight(): number {
    return lengthAt(this.view, 0, REQUEST_BYTES)
  }

  /** The request in flight was answered, parked, or needs no answer. */
  settle(): void {
    this.view.setUint32(0, 0, true)
  }

  /** Write down the request in flight among the parked ones; undefined when there is no room. */
  park(unique: bigint, length: number): Parked | undefined {
    const slot = length > SLOT_BYTES ? undefined : this.#freeSlot()
    if (slot === undefined) return undefined
    const bytes = this.request.slice(0, length)
    const at = slot * SLOT_BYTES
    // The length last: with it the slot counts.
    this.#slots.set(bytes.subarray(4), at + 4)
    this.#lengths.setUint32(at, length, true)
    return { unique, bytes, slot }
  }

  free({ slot }: Parked): void {
    this.#lengths.setUint32(slot * SLOT_BYTES, 0, true)
  }

  /** What an earlier server has parked. */
  parked(): Parked[] {
    return Array.from({ length: SLOTS }, (_, slot) => slot).flatMap((slot) => {
      const at = slot * SLOT_BYTES
      const length = lengthAt(this.#lengths, at, SLOT_BYTES)
      if (length === 0) return []
      const bytes = this.#slots.slice(at, at + length)
      return [{ unique: fuse_in_header.read(new DataView(bytes.buffer), 0).unique, bytes, slot }]
    })
  }

  /** Forget all requests: the kernel sends them again. */
  clear(): void {
    this.settle()
    for (let slot = 0; slot < SLOTS; slot++) this.#lengths.setUint32(slot * SLOT_BYTES, 0, true)
  }

  #freeSlot(): number | undefined {
    for (let tried = 0; tried < SLOTS; tried++) {
      const slot = (this.#next + tried) % SLOTS
      if (this.#lengths.getUint32(slot * SLOT_BYTES, true) !== 0) continue
      this.#next = slot + 1
      return slot
    }
    return undefined
  }
}

/** What isn't a request's length, a server that was killed while it wrote left there. */
function lengthAt(view: DataView, at: number, most: number): number {
  const length = view.getUint32(at, true)
  return length >= fuse_in_header.size && length <= most ? length : 0
}
