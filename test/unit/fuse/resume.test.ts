/** A session on the memory of one that ended: what it answers, and in which order. */
import t from 'tap'
import { errno } from '../../../src/base/errno.ts'
import { Frame } from '../../../src/fuse/frame.ts'
import { PARKED, refuse, type Handler } from '../../../src/fuse/handler.ts'
import { Journal } from '../../../src/fuse/journal.ts'
import { Session } from '../../../src/fuse/session.ts'
import { OUT_HEADER_BYTES } from '../../../src/fuse/wire/encode.ts'
import { fuse_out_header, initFlag, notifyCode } from '../../../src/fuse/wire/kernel.ts'
import { FakeChannel } from '../../support/fake-channel.ts'
import { requestBytes } from '../../support/fuse-requests.ts'

const RESEND = 1n << BigInt(initFlag.HAS_RESEND)
const open = (unique: bigint) =>
  requestBytes('open', { flags: 0, open_flags: 0 }, { unique, nodeid: Number(unique) })

interface Left {
  readonly flags?: bigint
  readonly inFlight?: Uint8Array
  readonly parked?: readonly bigint[]
}

/** The journal of a server that was killed. */
function left({ flags = 0n, inFlight, parked = [] }: Left): Journal {
  const memory = new Uint8Array(Journal.BYTES)
  const journal = new Journal(memory)
  journal.agree({ minor: 41, flags })
  for (const unique of parked) {
    journal.request.set(open(unique))
    journal.park(unique, open(unique).length)
  }
  journal.settle()
  if (inFlight !== undefined) journal.request.set(inFlight)
  return new Journal(memory)
}

/** Serves what is left and then `requests`; values come with the first 'woken'. */
function serve(journal: Journal, requests: (Uint8Array | 'woken')[], ready = true) {
  let known = ready
  let initialized = 0
  const no = () => refuse(errno.ENOSYS)
  const handler: Handler = {
    ...{ lookup: no, getattr: no, readlink: no, read: no, statfs: no, opendir: no, readdir: no },
    open: ({ header }) => (known ? { fh: header.nodeid, open_flags: 0, backing_id: 0 } : PARKED),
    release: () => undefined,
    releasedir: () => undefined,
    readdirplus: no,
  }
  const channel = new FakeChannel(requests, journal)
  const memory = new Uint8Array(OUT_HEADER_BYTES + 256)
  const session: Session = new Session({
    ...{ channel, journal, handler, trace: undefined },
    wishes: { requestTimeout: 0, without: [] },
    frame: new Frame(() => memory),
    onWake: () => {
      known = true
      session.retryParked()
      return true
    },
    patience: () => -1,
    onIdle: () => undefined,
    onInit: () => {
      initialized++
    },
    onError: () => errno.EIO,
  })
  session.run()
  const replies = channel.replies.map((reply) => {
    const { unique, error } = fuse_out_header.read(new DataView(reply.buffer, reply.byteOffset), 0)
    return [unique, error] as const
  })
  return { replies, initialized }
}

t.test('a kernel that can is asked to send everything again, and nothing of the journal is answered', (t) => {
  const journal = left({ flags: RESEND, inFlight: open(4n), parked: [6n] })
  const { replies, initialized } = serve(journal, [open(8n)])
  t.strictSame(replies, [
    [0n, notifyCode.RESEND],
    [8n, 0],
  ])
  t.equal(initialized, 1, 'reads work at once')
  t.strictSame([journal.inFlight, journal.parked()], [0, []])
  t.end()
})

t.test(
  'for an older kernel the request in flight is answered first, then the parked ones, once each',
  (t) => {
    const journal = left({ inFlight: open(4n), parked: [6n, 10n] })
    t.strictSame(serve(journal, [open(8n)]).replies, [
      [4n, 0],
      [6n, 0],
      [10n, 0],
      [8n, 0],
    ])
    t.strictSame([journal.inFlight, journal.parked()], [0, []])
    t.end()
  },
)

t.test('a request that was being parked, or asked again, when the server was killed is one request', (t) => {
  const journal = left({ inFlight: open(6n), parked: [6n] })
  t.strictSame(serve(journal, []).replies, [[6n, 0]])
  t.end()
})

t.test('what still has no value stays parked, also for the server after this one', (t) => {
  const journal = left({ inFlight: open(4n), parked: [6n] })
  t.strictSame(serve(journal, [], false).replies, [])
  t.strictSame(
    journal
      .parked()
      .map(({ unique }) => unique)
      .sort(),
    [4n, 6n],
  )
  t.strictSame(serve(journal, ['woken'], false).replies, [
    [6n, 0],
    [4n, 0],
  ])
  t.end()
})

t.test('an INIT that was not answered yet is answered, and starts the session', (t) => {
  const init = requestBytes(
    'init',
    { major: 7, minor: 41, max_readahead: 4096, flags: 0 },
    { unique: 2n, nodeid: 0 },
  )
  const { replies, initialized } = serve(left({ flags: RESEND, inFlight: init }), [])
  t.strictSame(replies, [[2n, 0]])
  t.equal(initialized, 1)
  t.end()
})

t.test('a new connection waits for its INIT', (t) => {
  const { replies, initialized } = serve(new Journal(new Uint8Array(Journal.BYTES)), [])
  t.strictSame([replies, initialized], [[], 0])
  t.end()
})
