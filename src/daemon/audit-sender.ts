import type { LineRing } from '../audit/ring.ts'
import type { AuditEvent } from '../audit/record.ts'
import { AuditTrail, type Past } from '../audit/trail.ts'

/** So many bytes wait before the main thread is told while requests keep coming. */
const MANY_BYTES = 1 << 18
/** How long a line may wait when no request comes, and how often folded refusals are looked at. Milliseconds. */
const SOON = 50
const LATER = 1000

/** The worker's end of the audit: lines go into shared memory; the main thread is told when there are many, or when no request waits. */
export class AuditSender {
  readonly trail: AuditTrail
  readonly #ring: LineRing
  readonly #nudge: () => void

  constructor(ring: LineRing, nudge: () => void, past?: Past) {
    this.#ring = ring
    this.#nudge = nudge
    const send = (line: Uint8Array) => {
      ring.put(line)
    }
    this.trail = new AuditTrail(send, Date.now, past)
  }

  /** Lines that nobody could be given. */
  get dropped(): number {
    return this.#ring.dropped
  }

  add(event: AuditEvent): void {
    this.trail.add(event)
    if (this.#ring.waiting >= MANY_BYTES) this.#tell()
  }

  /** No request waits. */
  flush(): void {
    this.trail.settle()
    if (this.#ring.waiting > 0) this.#tell()
  }

  /** Milliseconds without a request after which `flush` is due; -1: never. */
  patience(): number {
    if (this.#ring.waiting > 0 && !this.#ring.announced) return SOON
    return this.trail.folding ? LATER : -1
  }

  #tell(): void {
    if (this.#ring.announce()) this.#nudge()
  }
}
