import { AuditTrail, type AuditEvent, type AuditRecord } from '../audit/trail.ts'

/** Records in one message to the main thread, and messages that it may have not taken yet. */
const BATCH = 64
const MOST_UNTAKEN = 32
/** How long a record may wait for company, and how often folded refusals are looked at. Milliseconds. */
const SOON = 50
const LATER = 1000

/**
 * The worker's end of the audit: keeps the last records, and sends them on in batches, when there are enough or when no request waits. A main thread
 * that is behind is sent nothing; the trail then drops and counts.
 */
export class AuditSender {
  readonly trail = new AuditTrail()
  readonly #send: (records: AuditRecord[], dropped: number) => void
  /** Messages that the main thread has taken; it counts them up. */
  readonly #taken: Int32Array
  #sent = 0

  constructor(taken: Int32Array, send: (records: AuditRecord[], dropped: number) => void) {
    this.#taken = taken
    this.#send = send
  }

  add(event: AuditEvent): void {
    this.trail.add(event)
    if (this.trail.waiting >= BATCH) this.flush()
  }

  flush(): void {
    if (this.#sent - Atomics.load(this.#taken, 0) >= MOST_UNTAKEN) return
    const records = this.trail.take()
    if (records.length === 0) return
    this.#sent++
    this.#send(records, this.trail.dropped)
  }

  /** Milliseconds without a request after which `flush` is due; -1: never. */
  patience(): number {
    if (this.trail.waiting > 0) return SOON
    return this.trail.folding ? LATER : -1
  }
}
