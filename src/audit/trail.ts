import { EventTexts } from './event-texts.ts'
import type { AuditEvent, AuditRecord } from './record.ts'
import { Timestamps } from './timestamp.ts'

/** Records that are kept; older ones go. */
export const KEPT = 1000
/** Identical refusals within this time are one record. Milliseconds. */
const FOLD_FOR = 10_000

interface Folded {
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
  add(line: Uint8Array): void
}

const nothing: Past = { lines: () => [], add: () => undefined }

/** The last records as lines, each sent on as it comes. Synchronous and bounded: it belongs to the thread that serves requests. */
export class AuditTrail {
  readonly #send: (line: Uint8Array) => void
  readonly #now: () => number
  readonly #past: Past
  readonly #clock = new Timestamps()
  readonly #texts = new EventTexts()
  /** A ring: the oldest line is the next to be overwritten. */
  readonly #kept: string[] = []
  /** By the text of the event. */
  readonly #folding = new Map<string, Folded>()
  #seq = 0
  #at = 0

  /** `send` takes each line with its newline; `now` in milliseconds since 1970. */
  constructor(send: (line: Uint8Array) => void, now: () => number = Date.now, past: Past = nothing) {
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
    const text = this.#texts.of(event)
    if (event.decision === 'allowed') {
      this.#append(this.#line(text, now, 1))
      return
    }
    const folded = this.#folding.get(text)
    if (folded !== undefined && !isOver(folded, now)) this.#fold(text, folded, now)
    else this.#startFolding(text, now)
  }

  /** Send on the refusals that were folded and whose time is over. */
  settle(): void {
    const now = this.#now()
    for (const [text, folded] of this.#folding) if (isOver(folded, now)) this.#unfold(text, folded)
  }

  /** The last 1,000, oldest first, one JSON object a line. */
  text(): string {
    const oldest = this.#kept.length < KEPT ? 0 : this.#at
    return [...this.#kept.slice(oldest), ...this.#kept.slice(0, oldest)].join('')
  }

  #startFolding(text: string, now: number): void {
    const before = this.#folding.get(text)
    if (before !== undefined) this.#unfold(text, before)
    const line = this.#line(text, now, 1)
    if (this.#folding.size < KEPT) this.#folding.set(text, { since: now, count: 1, line, sent: 1 })
    this.#append(line)
  }

  /** The record keeps its place among the last ones, as long as it is one of them, with the new count. */
  #fold(text: string, folded: Folded, now: number): void {
    const at = this.#kept.lastIndexOf(folded.line)
    folded.count++
    folded.line = this.#line(text, now, folded.count)
    if (at === -1) this.#keep(folded.line)
    else this.#kept[at] = folded.line
  }

  #unfold(text: string, folded: Folded): void {
    this.#folding.delete(text)
    if (folded.count > folded.sent) this.#sendOn(folded.line)
  }

  /** An AuditRecord; `text` has the members of its event. */
  #line(text: string, now: number, count: number): string {
    return `{"seq":${++this.#seq},"time":"${this.#clock.at(now)}",${text},"count":${count}}\n`
  }

  #append(line: string): void {
    this.#keep(line)
    this.#sendOn(line)
  }

  #sendOn(line: string): void {
    const bytes = Buffer.from(line)
    this.#send(bytes)
    this.#past.add(bytes)
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
