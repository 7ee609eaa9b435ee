import t from 'tap'
import { errno } from '../../../src/base/errno.ts'
import { Frame } from '../../../src/fuse/frame.ts'
import { PARKED, refuse, type Handler } from '../../../src/fuse/handler.ts'
import { Session } from '../../../src/fuse/session.ts'
import { OUT_HEADER_BYTES } from '../../../src/fuse/wire/encode.ts'
import { fuse_out_header } from '../../../src/fuse/wire/kernel.ts'
import { FakeChannel } from '../../support/fake-channel.ts'
import { requestBytes } from '../../support/fuse-requests.ts'

const open = (unique: bigint) =>
  requestBytes('open', { flags: 0, open_flags: 0 }, { unique, nodeid: Number(unique) })
const interrupt = (unique: bigint) => requestBytes('interrupt', { unique }, { unique: 99n })

/** Serves the requests; each 'woken' asks again for what is parked, and lets `answers` say what is known by then. */
function serve(requests: (Uint8Array | 'woken')[], knownAfter: number) {
  let wakes = 0
  const asked: number[] = []
  const no = () => refuse(errno.ENOSYS)
  const handler: Handler = {
    lookup: no,
    getattr: no,
    readlink: no,
    open: ({ header }) => {
      asked.push(header.nodeid)
      return wakes >= knownAfter ? { fh: header.nodeid, open_flags: 0, backing_id: 0 } : PARKED
    },
    read: no,
    statfs: no,
    release: () => undefined,
    opendir: no,
    readdir: no,
    releasedir: () => undefined,
    readdirplus: no,
  }
  const channel = new FakeChannel(requests)
  const memory = new Uint8Array(OUT_HEADER_BYTES + 256)
  const session: Session = new Session({
    channel,
    journal: channel.journal,
    wishes: { requestTimeout: 0, without: [] },
    frame: new Frame(() => memory),
    handler,
    onWake: () => {
      wakes++
      session.retryParked()
      return true
    },
    patience: () => -1,
    onIdle: () => undefined,
    onInit: () => undefined,
    onError: () => errno.EIO,
    trace: undefined,
  })
  session.run()
  const replies = channel.replies.map((reply) => {
    const { unique, error } = fuse_out_header.read(new DataView(reply.buffer, reply.byteOffset), 0)
    return [unique, error] as const
  })
  return { asked, replies }
}

t.test('a parked request is asked for again, as it came, until it is answered, and once', (t) => {
  const { asked, replies } = serve([open(5n), 'woken', 'woken', 'woken'], 2)
  t.same(asked, [5, 5, 5])
  t.same(replies, [[5n, 0]])
  t.end()
})

t.test('requests behind a parked one are served', (t) => {
  const { replies } = serve([open(5n), requestBytes('readlink', undefined, { unique: 6n }), 'woken'], 1)
  t.same(replies, [
    [6n, -errno.ENOSYS],
    [5n, 0],
  ])
  t.end()
})

t.test('INTERRUPT lets the request go that it names, and only that one', (t) => {
  const { replies } = serve([open(5n), open(7n), interrupt(5n), interrupt(5n), 'woken'], 1)
  t.same(replies, [
    [5n, -errno.EINTR],
    [7n, 0],
  ])
  t.end()
})

t.test('what is parked to the end is not answered: the connection goes with it', (t) => {
  t.same(serve([open(5n), 'woken'], 2).replies, [])
  t.end()
})
