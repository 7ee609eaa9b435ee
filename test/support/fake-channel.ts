import { ENDED, IDLE, WOKEN } from '../../src/fuse/channel.ts'
import { Journal } from '../../src/fuse/journal.ts'
import type { RequestChannel } from '../../src/fuse/session.ts'

/** Gives the requests in order (`'woken'` for a wake-up, `'idle'` for none in time), then ends; keeps a copy of each reply. */
export class FakeChannel implements RequestChannel {
  readonly journal: Journal
  readonly replies: Uint8Array[] = []
  gathers = false
  readonly #script: (Uint8Array | 'woken' | 'idle')[]

  constructor(
    script: (Uint8Array | 'woken' | 'idle')[],
    journal = new Journal(new Uint8Array(Journal.BYTES)),
  ) {
    this.journal = journal
    this.#script = script
  }

  next(): number {
    const next = this.#script.shift()
    if (next === undefined) return ENDED
    if (next === 'woken') return WOKEN
    if (next === 'idle') return IDLE
    this.journal.request.set(next)
    return next.length
  }

  gather(): void {
    this.gathers = true
  }

  reply(bytes: Uint8Array, length: number): void {
    this.replies.push(bytes.slice(0, length))
  }
}
