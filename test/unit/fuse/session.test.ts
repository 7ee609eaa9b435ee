import t from 'tap'
import { errno } from '../../../src/base/errno.ts'
import { ProtocolError } from '../../../src/base/errors.ts'
import { Frame } from '../../../src/fuse/frame.ts'
import { refuse, type Handler } from '../../../src/fuse/handler.ts'
import { Session, type SessionOptions } from '../../../src/fuse/session.ts'
import { OUT_HEADER_BYTES } from '../../../src/fuse/wire/encode.ts'
import { fuse_init_out, fuse_open_out, fuse_out_header, initFlag } from '../../../src/fuse/wire/kernel.ts'
import { FakeChannel } from '../../support/fake-channel.ts'
import { noRead, rawRequest, requestBytes } from '../../support/fuse-requests.ts'

const PAYLOAD = 256
const no = () => refuse(errno.ENOSYS)

const handler: Handler = {
  lookup: no,
  getattr: no,
  readlink: no,
  open: no,
  read: no,
  statfs: no,
  release: () => undefined,
  opendir: no,
  readdir: no,
  releasedir: () => undefined,
  readdirplus: no,
}

/** Run a session over the requests; `memory` is the frame's whole buffer afterwards. */
function serve(requests: (Uint8Array | 'woken' | 'idle')[], options: Partial<SessionOptions> = {}) {
  const memory = new Uint8Array(OUT_HEADER_BYTES + PAYLOAD)
  const channel = new FakeChannel(requests)
  const errors: [string, unknown][] = []
  const lines: string[] = []
  let initialized = 0
  const run = () => {
    new Session({
      channel,
      journal: channel.journal,
      wishes: { requestTimeout: 0, without: [] },
      frame: new Frame(() => memory),
      handler,
      onWake: () => true,
      patience: () => -1,
      onIdle: () => undefined,
      onInit: () => {
        initialized++
      },
      onError: (op, error) => {
        errors.push([op, error])
        return errno.EIO
      },
      trace: { line: (text) => void lines.push(text) },
      ...options,
    }).run()
  }
  return { run, channel, memory, errors, lines, initialized: () => initialized }
}

function headerOf(reply: Uint8Array | undefined) {
  if (reply === undefined) throw new Error('there was no reply')
  return fuse_out_header.read(new DataView(reply.buffer, reply.byteOffset), 0)
}

const read = requestBytes('read', { ...noRead, size: 4096 }, { unique: 0x1122334455667788n, nodeid: 5 })
const secret = Buffer.from('sentinel-7d21')

t.test('a read is one reply: header and payload, and the frame is empty afterwards', (t) => {
  const session = serve([read], {
    handler: {
      ...handler,
      read: (_, frame) => {
        frame.bytes.set(secret, OUT_HEADER_BYTES)
        return secret.length
      },
    },
  })
  session.run()
  t.equal(session.channel.replies.length, 1)
  const reply = Buffer.from(session.channel.replies[0] ?? [])
  t.equal(reply.toString('hex', 0, 16), '1d000000' + '00000000' + '8877665544332211')
  t.same(reply.subarray(16), secret)
  t.notOk(Buffer.from(session.memory).includes('sentinel'))
  t.end()
})

t.test('the frame is wiped whole when the handler throws, and the answer is what onError says', (t) => {
  const session = serve([read], {
    handler: {
      ...handler,
      read: (_, frame) => {
        frame.bytes.fill(0xaa, OUT_HEADER_BYTES)
        throw new Error('halfway')
      },
    },
  })
  session.run()
  t.same(headerOf(session.channel.replies[0]), { len: 16, error: -errno.EIO, unique: 0x1122334455667788n })
  t.ok(
    session.memory.subarray(OUT_HEADER_BYTES).every((byte) => byte === 0),
    'no byte of the payload is left',
  )
  t.match(session.errors, [['read', { message: 'halfway' }]])
  t.end()
})

t.test('the frame is wiped when the reply can not be written', (t) => {
  const session = serve([read], {
    handler: {
      ...handler,
      read: (_, frame) => {
        frame.bytes.set(secret, OUT_HEADER_BYTES)
        return secret.length
      },
    },
  })
  session.channel.reply = () => {
    throw new Error('write failed')
  }
  t.throws(session.run, { message: 'write failed' })
  t.notOk(Buffer.from(session.memory).includes('sentinel'))
  t.end()
})

t.test('the trace is given sizes, never a payload', (t) => {
  const session = serve(
    [read, requestBytes('getattr', { getattr_flags: 0, dummy: 0, fh: 0 }, { nodeid: 255 })],
    {
      handler: {
        ...handler,
        getattr: () => refuse(errno.ESTALE),
        read: (_, frame) => {
          frame.bytes.set(secret, OUT_HEADER_BYTES)
          return secret.length
        },
      },
    },
  )
  session.run()
  t.same(session.lines, ['fuse: read node=5 -> 13 bytes', 'fuse: getattr node=ff -> ESTALE'])
  t.end()
})

t.test('struct, empty and refused answers', (t) => {
  const open = requestBytes('open', { flags: 0, open_flags: 0 })
  const release = requestBytes('release', { fh: 7, flags: 0, release_flags: 0, lock_owner: 0n })
  const session = serve([open, release, requestBytes('statfs', undefined)], {
    handler: { ...handler, open: () => ({ fh: 7, open_flags: 33, backing_id: 0 }) },
  })
  session.run()
  const [opened, released, refused] = session.channel.replies
  t.same(headerOf(opened), { len: 32, error: 0, unique: 2n })
  const body = new DataView((opened ?? new Uint8Array()).buffer)
  t.same(fuse_open_out.read(body, OUT_HEADER_BYTES), { fh: 7, open_flags: 33, backing_id: 0 })
  t.same(headerOf(released), { len: 16, error: 0, unique: 2n })
  t.same(headerOf(refused), { len: 16, error: -errno.ENOSYS, unique: 2n })
  t.end()
})

t.test('FORGET, BATCH_FORGET and INTERRUPT have no answer, DESTROY an empty one', (t) => {
  const batch = new Uint8Array(8 + 2 * 16)
  batch[0] = 2
  const session = serve([
    requestBytes('forget', { nlookup: 1n }),
    rawRequest(42, batch),
    requestBytes('interrupt', { unique: 4n }),
    requestBytes('destroy', undefined, { unique: 6n }),
  ])
  session.run()
  t.same(session.channel.replies.map(headerOf), [{ len: 16, error: 0, unique: 6n }])
  t.same(session.errors, [])
  t.end()
})

t.test('operations that are not served get the errno of their row', (t) => {
  const session = serve([rawRequest(9, Buffer.from('whatever\0')), rawRequest(39), rawRequest(4096)])
  session.run()
  t.same(
    session.channel.replies.map((reply) => headerOf(reply).error),
    [-errno.EROFS, -errno.ENOTTY, -errno.ENOSYS],
  )
  t.same(session.lines.at(-1), 'fuse: opcode 4096 node=1 -> ENOSYS')
  t.end()
})

t.test('a malformed request is EIO for itself; bytes that are no request end the loop', (t) => {
  const session = serve([
    rawRequest(15, new Uint8Array(3)),
    requestBytes('destroy', undefined),
    new Uint8Array(39),
  ])
  t.throws(session.run, ProtocolError)
  t.same(
    session.channel.replies.map((reply) => headerOf(reply).error),
    [-errno.EIO, 0],
  )
  t.match(session.errors, [['read', ProtocolError]])
  t.end()
})

t.test('INIT is negotiated, traced and told', (t) => {
  const flags = (1 << initFlag.INIT_EXT) | (1 << initFlag.DO_READDIRPLUS) | (1 << initFlag.CACHE_SYMLINKS)
  const body = Buffer.alloc(64)
  body.writeUInt32LE(7, 0)
  body.writeUInt32LE(38, 4)
  body.writeUInt32LE(65536, 8)
  body.writeUInt32LE(flags, 12)
  body.writeUInt32LE(1 << (initFlag.HAS_RESEND - 32), 16)
  const session = serve([rawRequest(26, body)])
  session.run()
  const reply = session.channel.replies[0] ?? new Uint8Array()
  t.equal(headerOf(reply).len, 80)
  const answer = fuse_init_out.read(new DataView(reply.buffer), OUT_HEADER_BYTES)
  t.match(answer, { major: 7, minor: 38, max_readahead: 65536, max_pages: 1, max_write: 4096 })
  t.equal(answer.flags, (1 << initFlag.INIT_EXT) | (1 << initFlag.DO_READDIRPLUS))
  t.equal(answer.flags2, 1 << (initFlag.HAS_RESEND - 32))
  t.equal(session.initialized(), 1)
  t.ok(session.lines.some((line) => /CACHE_SYMLINKS +offered yes taken -$/.test(line)))
  t.end()
})

t.test('an INIT that can not be answered ends the loop', (t) => {
  const body = Buffer.alloc(16)
  body.writeUInt32LE(7, 0)
  body.writeUInt32LE(27, 4)
  const session = serve([rawRequest(26, body), read])
  t.throws(session.run, { code: 'ERR_PROTOCOL', message: /FUSE 7\.27; hushfs needs 7\.31/ })
  t.same(
    session.channel.replies.map((reply) => headerOf(reply).error),
    [-errno.EIO],
  )
  t.equal(session.initialized(), 0)
  t.end()
})

t.test('when no request comes, what can wait is done', (t) => {
  let idle = 0
  const patience: number[] = []
  const session = serve(['idle', requestBytes('destroy', undefined), 'idle'], {
    patience: () => {
      patience.push(idle)
      return 5
    },
    onIdle: () => {
      idle++
    },
  })
  session.run()
  t.equal(idle, 2)
  t.same(patience, [0, 1, 1, 2], 'asked before each wait')
  t.equal(session.channel.replies.length, 1)
  t.end()
})

t.test('a wake-up is told between requests and ends the loop when it says so', (t) => {
  let woken = 0
  const session = serve(['woken', requestBytes('destroy', undefined), 'woken', read], {
    onWake: () => ++woken < 2,
  })
  session.run()
  t.equal(woken, 2)
  t.equal(session.channel.replies.length, 1, 'what came after it was not served')
  t.end()
})
