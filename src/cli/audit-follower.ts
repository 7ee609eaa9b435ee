import type { AuditRecord } from '../audit/record.ts'
import { KEPT } from '../audit/trail.ts'
import type { Running } from '../daemon/control.ts'

type Followed = Pick<Running, 'status' | 'audit'>

/** Tells what is new in the records of a server, and of the servers after it at the same mount, which count from 1 again. */
export class AuditFollower {
  #server: string | undefined
  #last = 0

  /** Records that were not given before, oldest first; `missed`: the server had forgotten some before they could be. */
  async next(server: Followed): Promise<{ records: AuditRecord[]; missed: boolean }> {
    const { name, records } = await recordsOf(server)
    const isFirst = this.#server === undefined
    if (name !== this.#server) this.#last = 0
    const missed = !isFirst && records.length >= KEPT && (records[0]?.seq ?? 0) > this.#last + 1
    const fresh = records.filter(({ seq }) => seq > this.#last)
    this.#server = name
    this.#last = fresh.at(-1)?.seq ?? this.#last
    return { records: fresh, missed }
  }
}

/** Records and whose they are: the server is asked before and after, because another may take its place in between. */
async function recordsOf(server: Followed): Promise<{ name: string; records: AuditRecord[] }> {
  for (let before = await nameOf(server); ;) {
    const records = await server.audit()
    const name = await nameOf(server)
    if (name === before) return { name, records }
    before = name
  }
}

async function nameOf(server: Followed): Promise<string> {
  const { pid, startedAt } = await server.status()
  return `${pid} ${startedAt}`
}
