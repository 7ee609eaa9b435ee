import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { decodeBody, decodeHeader, initFlagsOf } from '../../src/fuse/wire/decode.ts'
import { fuse_in_header, initFlag, type InHeader } from '../../src/fuse/wire/kernel.ts'
import { refused } from '../../src/fuse/wire/ops.ts'
import { annotate, parseGolden } from '../support/golden.ts'
import { ids } from '../support/record-tree.ts'

/** Requests as the kernel sent them (`npm run record`), and what they must decode to. */
const folder = join(import.meta.dirname, 'golden')
const names = readdirSync(folder).sort()

const FH = 0x1122334455667
const open = { flags: 0o100000, open_flags: 0 }
const read = { fh: FH, read_flags: 0, flags: 0o100000, padding: 0 }
const list = { fh: 0, read_flags: 0, lock_owner: 0n, padding: 0 }

interface Expected {
  readonly nodeid: number
  readonly body: unknown
  readonly name?: string
}

/** By file: what record-client.py asked first of its kind. */
const expected: Record<string, Expected> = {
  lookup: { nodeid: 1, body: undefined, name: 'db' },
  forget: { nodeid: ids.link, body: { nlookup: 1n } },
  getattr: { nodeid: 1, body: { getattr_flags: 0, dummy: 0, fh: 0 } },
  readlink: { nodeid: ids.link, body: undefined },
  open: { nodeid: ids.password, body: open },
  read: { nodeid: ids.password, body: { ...read, offset: 3, size: 7, read_flags: 2 } },
  'read-page-cache': { nodeid: ids.password, body: { ...read, offset: 0, size: 4096, lock_owner: 0n } },
  statfs: { nodeid: 1, body: undefined },
  release: { nodeid: ids.password, body: { fh: FH, flags: 0o100000, release_flags: 0, lock_owner: 0n } },
  init: { nodeid: 0, body: { major: 7 } },
  opendir: { nodeid: ids.db, body: { open_flags: 0 } },
  readdir: { nodeid: ids.db, body: { ...list, offset: ids.password } },
  readdirplus: { nodeid: ids.db, body: { ...list, offset: 0 } },
  releasedir: { nodeid: ids.db, body: { fh: 0, release_flags: 0, lock_owner: 0n } },
  interrupt: { nodeid: 0, body: {} },
  batch_forget: { nodeid: 0, body: { count: 3, dummy: 0 } },
}

/** Decoded from a buffer that is larger and holds an older request, as the channel's does. */
function decoded(bytes: Uint8Array) {
  const buffer = new Uint8Array(1 << 17).fill(0x5a)
  buffer.set(bytes)
  const view = new DataView(buffer.buffer)
  return decodeBody(buffer, view, decodeHeader(view, bytes.length))
}

function load(name: string) {
  const file = readFileSync(join(folder, name), 'utf8')
  return { file, ...parseGolden(file) }
}

for (const file of names) {
  const kind = file.replace(/\.hex$/, '')
  t.test(kind, (t) => {
    const { bytes } = load(file)
    const request = decoded(bytes)
    const header: InHeader = request.header
    t.equal(header.len, bytes.length)
    t.equal(header.total_extlen, 0)
    t.equal(request.row.name, kind === 'read-page-cache' ? 'read' : kind)
    if (request.row.kind === 'refused') {
      t.ok(kind in refused)
    } else {
      t.match(request, { body: expected[kind]?.body, name: expected[kind]?.name ?? '' })
      t.equal(header.nodeid, expected[kind]?.nodeid)
    }
    t.end()
  })
}

t.test('every operation that is served was recorded, but for DESTROY, which only fuseblk mounts get', (t) => {
  t.same(
    names.filter((file) => !(file.replace('.hex', '') in refused)),
    Object.keys(expected)
      .map((kind) => `${kind}.hex`)
      .sort(),
  )
  t.end()
})

t.test('the annotations are those of the bytes', (t) => {
  for (const name of names) {
    const { file, title, bytes } = load(name)
    t.equal(annotate(bytes, title), file)
  }
  t.end()
})

t.test(
  "callers are named where there is one: thread id, uid, gid; the kernel's own requests have pid 0",
  (t) => {
    const pid = (name: string) => decoded(load(`${name}.hex`).bytes).header.pid
    for (const name of ['lookup', 'open', 'read', 'opendir', 'mkdir']) t.ok(pid(name) > 0, name)
    for (const name of ['init', 'release', 'releasedir', 'forget', 'batch_forget', 'interrupt'])
      t.equal(pid(name), 0, name)
    t.end()
  },
)

t.test('INIT offers flags of both words; a kernel before 7.36 sends the first alone', (t) => {
  const { bytes } = load('init.hex')
  const view = new DataView(bytes.buffer)
  const flags = view.getUint32(fuse_in_header.size + 12, true)
  const both = initFlagsOf(view, bytes.length, flags, initFlag.INIT_EXT)
  const has = (all: bigint, bit: number) => ((all >> BigInt(bit)) & 1n) === 1n
  for (const bit of [initFlag.DO_READDIRPLUS, initFlag.INIT_EXT, initFlag.HAS_RESEND]) t.ok(has(both, bit))
  const old = initFlagsOf(view, fuse_in_header.size + 16, flags, initFlag.INIT_EXT)
  t.equal(old, BigInt(flags))
  t.equal(initFlagsOf(view, bytes.length, flags & ~(1 << initFlag.INIT_EXT), initFlag.INIT_EXT) >> 32n, 0n)
  t.end()
})
