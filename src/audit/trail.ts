import { Timestamps } from './timestamp.ts'

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

/** Records that are kept; older ones go. */
export const KEPT = 1000
/** Identical refusals within this time are one record. Milliseconds. */
const FOLD_FOR = 10_000

interface Folded {
  readonly event: AuditEvent
  readonly since: number
  count: number
  /** Its line among the last ones. */
  line: string
  /** The count that was sent on last. */
  sent: number
}

/** Where lines outlive the server: implemented by kept-lines.ts. */
export interface Past {
  lines(): string[]
  add(line: string): void
}

const nothing: Past = { lines: () => [], add: () => undefined }

/** The last records as lines, each sent on as it comes. Synchronous and bounded: it belongs to the thread that serves requests. */
export class AuditTrail {
  readonly #send: (line: string) => void
  readonly #now: () => number
  readonly #past: Past
  readonly #clock = new Timestamps()
  /** A ring: the oldest line is the next to be overwritten. */
  readonly #kept: string[] = []
  readonly #folding = new Map<string, Folded>()
  #seq = 0
  #at = 0

  /** `send` takes each line with its newline; `now` in milliseconds since 1970. */
  constructor(send: (line: string) => void, now: () => number = Date.now, past: Past = nothing) {
    this.#send = send
    this.#now = now
    this.#past = past
    const lines = past.lines().slice(-KEPT)
    for (const line of lines) this.#keep(line)
    this.#seq = seqOf(lines.at(-1))
  }

  /** True when `settle` will have something to do, without another event. */
  get folding(): boolean {
    return this.#folding.size > 0
  }

  add(event: AuditEvent): void {
    const now = this.#now()
    if (event.decision === 'allowed') {
      this.#append(this.#line(event, now, 1))
      return
    }
    const key = JSON.stringify(event)
    const folded = this.#folding.get(key)
    if (folded !== undefined && !isOver(folded, now)) this.#fold(folded, now)
    else this.#startFolding(key, event, now)
  }

  /** Send on the refusals that were folded and whose time is over. */
  settle(): void {
    const now = this.#now()
    for (const [key, folded] of this.#folding) if (isOver(folded, now)) this.#unfold(key, folded)
  }

  /** The last 1,000, oldest first, one JSON object a line. */
  text(): string {
    const oldest = this.#kept.length < KEPT ? 0 : this.#at
    return [...this.#kept.slice(oldest), ...this.#kept.slice(0, oldest)].join('')
  }

  #startFolding(key: string, event: AuditEvent, now: number): void {
    const before = this.#folding.get(key)
    if (before !== undefined) this.#unfold(key, before)
    const line = this.#line(event, now, 1)
    if (this.#folding.size < KEPT) this.#folding.set(key, { event, since: now, count: 1, line, sent: 1 })
    this.#append(line)
  }

  /** The record keeps its place among the last ones, as long as it is one of them, with the new count. */
  #fold(folded: Folded, now: number): void {
    const at = this.#kept.lastIndexOf(folded.line)
    folded.count++
    folded.line = this.#line(folded.event, now, folded.count)
    if (at === -1) this.#keep(folded.line)
    else this.#kept[at] = folded.line
  }

  #unfold(key: string, folded: Folded): void {
    this.#folding.delete(key)
    if (folded.count <= folded.sent) return
    this.#send(folded.line)
    this.#past.add(folded.line)
  }

  #line(event: AuditEvent, now: number, count: number): string {
    const record: AuditRecord = {
      seq: ++this.#seq,
      time: this.#clock.at(now),
      secret: event.secret,
      operation: event.operation,
      decision: event.decision,
      rule: event.rule,
      reason: event.reason,
      unit: event.unit,
      userUnit: event.userUnit,
      invocation: event.invocation,
      pid: event.pid,
      tid: event.tid,
      uid: event.uid,
      gid: event.gid,
      comm: event.comm,
      exe: event.exe,
      count,
    }
    return `${JSON.stringify(record)}\n`
  }

  #append(line: string): void {
    this.#keep(line)
    this.#send(line)
    this.#past.add(line)
  }

  #keep(line: string): void {
    this.#kept[this.#at] = line
    this.#at = (this.#at + 1) % KEPT
  }
}

/** The number of a line that an earlier server wrote. */
function seqOf(line: string | undefined): number {
  return line === undefined ? 0 : (JSON.parse(line) as AuditRecord).seq
}

/** A clock that was set back ends it too. */
function isOver({ since }: Folded, now: number): boolean {
  return now - since >= FOLD_FOR || now < since
}
