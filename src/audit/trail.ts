/** One line of the audit trail: what was asked, by whom, and how it was decided. Never content. */
export interface AuditRecord {
  /** Counts from 1 per server; a folded record gets a new number when its count grows. */
  readonly seq: number
  /** RFC 3339, UTC. */
  readonly time: string
  readonly secret: string
  readonly operation: 'open' | 'read'
  readonly decision: 'allowed' | 'denied' | 'failed'
  readonly rule: string
  readonly reason: string
  /** `null`: the caller is in no unit, or it couldn't be found out. */
  readonly unit: string | null
  readonly userUnit: string | null
  /** systemd's invocation id of the unit, where it can be read. */
  readonly invocation: string | null
  readonly pid: number | null
  readonly tid: number
  readonly uid: number
  readonly gid: number
  readonly comm: string | null
  readonly exe: string | null
  /** How many identical refusals this record stands for. */
  readonly count: number
}

export type AuditEvent = Omit<AuditRecord, 'seq' | 'time' | 'count'>

const KEPT = 1000
/** Events that wait to be sent on; more are dropped and counted, so that a reader of the trail can't slow a read of a secret. */
const MOST_WAITING = 4096
/** Identical refusals within this time are one record. Milliseconds. */
const FOLD_FOR = 10_000

interface Folded {
  record: AuditRecord
  readonly since: number
  /** The count that was sent on last. */
  sent: number
}

/** The last records, and those that wait to be sent on. Synchronous and bounded: it belongs to the thread that serves requests. */
export class AuditTrail {
  readonly #now: () => number
  readonly #ring: AuditRecord[] = []
  readonly #folding = new Map<string, Folded>()
  #waiting: AuditRecord[] = []
  #seq = 0
  #dropped = 0

  /** `now` in milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Records that were never sent on because too many waited. */
  get dropped(): number {
    return this.#dropped
  }

  /** How many records wait to be sent on. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** True when `take` will have something later, without another event. */
  get folding(): boolean {
    return this.#folding.size > 0
  }

  add(event: AuditEvent): void {
    const now = this.#now()
    if (event.decision === 'allowed') {
      this.#append(this.#record(event, now, 1))
      return
    }
    const key = JSON.stringify(event)
    const folded = this.#folding.get(key)
    if (folded === undefined) this.#startFolding(key, event, now)
    else this.#fold(folded, event, now)
  }

  /** What waits, and the folded refusals whose time is over. */
  take(): AuditRecord[] {
    const now = this.#now()
    for (const [key, folded] of this.#folding) {
      if (now - folded.since < FOLD_FOR && now >= folded.since) continue
      this.#folding.delete(key)
      if (folded.record.count > folded.sent) this.#send(folded.record)
    }
    const taken = this.#waiting
    this.#waiting = []
    return taken
  }

  /** The last 1,000, oldest first, one JSON object a line. */
  text(): string {
    return this.#ring.map((record) => `${JSON.stringify(record)}\n`).join('')
  }

  #startFolding(key: string, event: AuditEvent, now: number): void {
    const record = this.#record(event, now, 1)
    if (this.#folding.size < KEPT) this.#folding.set(key, { record, since: now, sent: 1 })
    this.#append(record)
  }

  /** The record moves to the end of the ring with its new count. */
  #fold(folded: Folded, event: AuditEvent, now: number): void {
    const at = this.#ring.lastIndexOf(folded.record)
    if (at !== -1) this.#ring.splice(at, 1)
    folded.record = this.#record(event, now, folded.record.count + 1)
    this.#keep(folded.record)
  }

  #record(event: AuditEvent, now: number, count: number): AuditRecord {
    return { seq: ++this.#seq, time: new Date(now).toISOString(), ...event, count }
  }

  #append(record: AuditRecord): void {
    this.#keep(record)
    this.#send(record)
  }

  #keep(record: AuditRecord): void {
    this.#ring.push(record)
    if (this.#ring.length > KEPT) this.#ring.shift()
  }

  #send(record: AuditRecord): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(record)
    else this.#dropped++
  }
}
