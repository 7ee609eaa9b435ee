import type { AuditEvent } from './record.ts'

/** Threads whose last event is kept; another one with the same remainder takes the place. */
const PLACES = 128

interface Known {
  readonly event: AuditEvent
  readonly text: string
}

/** What is written down of an event besides number, time and count: the members of a JSON object. A thread that asks again and again costs one text. */
export class EventTexts {
  readonly #known: (Known | undefined)[] = new Array<Known | undefined>(PLACES).fill(undefined)

  of(event: AuditEvent): string {
    const place = event.tid % PLACES
    const known = this.#known[place]
    if (known !== undefined && isSame(known.event, event)) return known.text
    const text = membersOf(event)
    this.#known[place] = { event, text }
    return text
  }
}

function isSame(a: AuditEvent, b: AuditEvent): boolean {
  return (
    a.tid === b.tid &&
    a.pid === b.pid &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.secret === b.secret &&
    a.operation === b.operation &&
    a.decision === b.decision &&
    a.rule === b.rule &&
    a.reason === b.reason &&
    a.unit === b.unit &&
    a.userUnit === b.userUnit &&
    a.invocation === b.invocation &&
    a.comm === b.comm &&
    a.exe === b.exe
  )
}

/** In the order in which people look for them. */
function membersOf(event: AuditEvent): string {
  const ordered: AuditEvent = {
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
  }
  return JSON.stringify(ordered).slice(1, -1)
}
