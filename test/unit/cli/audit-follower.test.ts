import t from 'tap'
import type { AuditRecord } from '../../../src/audit/record.ts'
import { AuditFollower } from '../../../src/cli/audit-follower.ts'
import type { Running } from '../../../src/daemon/control.ts'

type Status = Awaited<ReturnType<Running['status']>>

/** A server that keeps records with these numbers; `asked` runs before its records are given. */
function server(startedAt: string, ...seqs: number[]) {
  const asked: () => void = () => undefined
  const state = { startedAt, seqs, asked }
  return {
    state,
    status: () => Promise.resolve({ pid: 1, startedAt: state.startedAt } as Status),
    audit: () => {
      state.asked()
      return Promise.resolve(state.seqs.map((seq) => ({ seq }) as AuditRecord))
    },
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

async function next(follower: AuditFollower, from: ReturnType<typeof server>) {
  const { records, missed } = await follower.next(from)
  return { seqs: records.map(({ seq }) => seq), missed }
}

t.test('first what is there, then what is new', async (t) => {
  const follower = new AuditFollower()
  const from = server('a', 3, 4, 5)
  t.strictSame(await next(follower, from), { seqs: [3, 4, 5], missed: false })
  t.strictSame(await next(follower, from), { seqs: [], missed: false })
  from.state.seqs = [3, 5, 6, 9]
  t.strictSame(await next(follower, from), { seqs: [6, 9], missed: false }, '4 was folded into 9')
  t.strictSame(await next(follower, from), { seqs: [], missed: false })
})

t.test('another server counts from 1 again, even if it is further already', async (t) => {
  const follower = new AuditFollower()
  await next(follower, server('a', 1, 2))
  const other = server('b', 1, 2, 3)
  t.strictSame(await next(follower, other), { seqs: [1, 2, 3], missed: false })
  t.strictSame(await next(follower, other), { seqs: [], missed: false })
  t.strictSame(await next(follower, server('c')), { seqs: [], missed: false })
  t.strictSame(await next(follower, server('c', 1)), { seqs: [1], missed: false })
})

t.test('a server that is replaced while it is asked', async (t) => {
  const follower = new AuditFollower()
  const from = server('a', 7, 8)
  await next(follower, from)
  from.state.asked = () => {
    from.state.startedAt = 'b'
    from.state.seqs = [1, 2]
  }
  t.strictSame(await next(follower, from), { seqs: [1, 2], missed: false })
})

t.test('it says when the server had forgotten records before they could be given', async (t) => {
  const follower = new AuditFollower()
  const from = server('a', ...range(501, 1500))
  t.strictSame((await next(follower, from)).missed, false, 'what was before is not missed')
  from.state.seqs = range(1501, 2500)
  t.equal((await next(follower, from)).missed, false)
  from.state.seqs = range(2502, 3501)
  t.equal((await next(follower, from)).missed, true)
  t.equal((await next(follower, server('b', ...range(2, 1001)))).missed, true)
  t.equal((await next(follower, server('c', 9))).missed, false, 'one record, folded')
})
