import t from 'tap'
import { errno } from '../../../src/base/errno.ts'
import { refuse } from '../../../src/fuse/handler.ts'
import { FOPEN_DIRECT_IO } from '../../../src/fuse/wire/kernel.ts'
import { nodeId } from '../../../src/vfs/node-id.ts'
import { CAPACITY, Driver, header } from '../../support/fs-driver.ts'
import { secret, table } from '../../support/tables.ts'

const ROOT = 1
const a = nodeId('secret', 'a')

t.test('open, read in pieces, release', (t) => {
  const driver = new Driver(table([secret('a', 'hello'), secret('d/b', 'other')]))
  const fh = driver.open(a)
  t.equal(driver.read(a, fh), 'hello')
  t.equal(driver.read(a, fh, 1, 3), 'ell')
  t.equal(driver.read(a, fh, 4, 100), 'o')
  t.equal(driver.read(nodeId('secret', 'd/b'), driver.open(nodeId('secret', 'd/b'))), 'other')
  t.match(driver.fs.counters, { opens: 2, reads: 4, errors: 0 })
  t.end()
})

t.test('opens are direct I/O without a FLUSH', (t) => {
  const driver = new Driver(table([secret('a', 'hello')]))
  const answer = driver.fs.open({ header: header(a), body: { flags: 0, open_flags: 0 }, name: '' })
  t.match(answer, { open_flags: FOPEN_DIRECT_IO | (1 << 5) })
  t.end()
})

t.test('at and past the end nothing is opened', (t) => {
  const driver = new Driver(table([secret('a', 'hello'), secret('empty', '')]))
  const fh = driver.open(a)
  t.equal(driver.read(a, fh, 5), '')
  t.equal(driver.read(a, fh, 2 ** 62), '')
  t.equal(driver.read(a, fh, 0, 0), '')
  const empty = nodeId('secret', 'empty')
  t.equal(driver.read(empty, driver.open(empty)), '')
  t.equal(driver.memory.vault.opens, 0)
  t.equal(driver.read(a, fh, 4), 'o')
  t.equal(driver.memory.vault.opens, 1)
  t.end()
})

t.test('a read is never longer than the frame', (t) => {
  const driver = new Driver(table([secret('a', 'x'.repeat(CAPACITY + 5))]))
  t.equal(driver.read(a, driver.open(a), 0, CAPACITY * 2), 'x'.repeat(CAPACITY))
  t.end()
})

t.test('a descriptor keeps the value that it was opened on, a new open sees the new one', (t) => {
  const driver = new Driver(table([secret('a', 'one')]))
  const old = driver.open(a)
  driver.replace(table([secret('a', 'two')]))
  const young = driver.open(a)
  t.not(young, old)
  t.equal(driver.read(a, old), 'one')
  t.equal(driver.read(a, young), 'two')
  driver.replace(table([secret('a', 'three')]))
  t.same(
    [driver.read(a, old), driver.read(a, young), driver.read(a, driver.open(a))],
    ['one', 'two', 'three'],
  )
  t.end()
})

t.test('a replaced value is dropped with its last descriptor', (t) => {
  const driver = new Driver(table([secret('a', 'one')]))
  const first = driver.open(a)
  t.equal(driver.open(a), first)
  driver.replace(table([secret('a', 'two')]))
  driver.release(a, first)
  t.equal(driver.read(a, first), 'one', 'one descriptor is left')
  driver.release(a, first)
  t.equal(driver.read(a, first), -errno.ESTALE)
  t.end()
})

t.test('a value that nobody had open when it was replaced is gone', (t) => {
  const driver = new Driver(table([secret('a', 'one')]))
  const fh = driver.open(a)
  driver.release(a, fh)
  driver.replace(table([secret('a', 'two')]))
  t.equal(driver.read(a, fh), -errno.ESTALE)
  t.end()
})

t.test('a value that comes back is the same version', (t) => {
  const driver = new Driver(table([secret('a', 'one')]))
  const fh = driver.open(a)
  driver.replace(table([secret('a', 'two')]))
  driver.replace(table([secret('a', 'one')]))
  t.equal(driver.open(a), fh)
  driver.release(a, fh)
  t.equal(driver.read(a, fh), 'one')
  t.end()
})

t.test('the kept value does not hang on the memory of its table', (t) => {
  const before = secret('a', 'one')
  const driver = new Driver(table([before]))
  const fh = driver.open(a)
  driver.replace(table([secret('a', 'two')]))
  if ('sealed' in before.value) before.value.sealed.fill(0)
  t.equal(driver.read(a, fh), 'one')
  t.end()
})

t.test('a removed secret: open descriptors read and stat it, new opens do not', (t) => {
  const driver = new Driver(table([secret('a', 'one', { uid: 12 })]))
  const fh = driver.open(a)
  driver.replace(table([]))
  t.equal(driver.read(a, fh), 'one')
  t.match(driver.getattr(a), { attr: { size: 3, uid: 12 } })
  t.equal(driver.open(a), -errno.ESTALE)
  t.equal(driver.lookup(ROOT, 'a'), -errno.ENOENT)
  driver.release(a, fh)
  t.equal(driver.getattr(a), -errno.ESTALE)
  t.end()
})

t.test('a failing secret is EIO, for it alone, and an open descriptor survives the failure', (t) => {
  const driver = new Driver(table([secret('a', 'one'), secret('b', 'fine')]))
  const fh = driver.open(a)
  driver.replace(table([secret('a', '', { value: { failing: 'why' } }), secret('b', 'fine')]))
  t.equal(driver.open(a), -errno.EIO)
  t.equal(driver.read(a, fh), 'one')
  t.match(driver.getattr(a), { attr: { size: 0, mode: 0o100400 } })
  const b = nodeId('secret', 'b')
  t.equal(driver.read(b, driver.open(b)), 'fine')
  t.equal(driver.fs.counters.errors, 1)
  t.end()
})

t.test('what is unknown is ESTALE, what is of the other kind ENOTDIR or EISDIR', (t) => {
  const driver = new Driver(table([secret('a', 'one')]))
  const unknown = 987654
  for (const answer of [
    driver.open(unknown),
    driver.read(unknown, 1),
    driver.lookup(unknown, 'a'),
    driver.getattr(unknown),
    driver.list(unknown, 0, 4096),
    driver.read(a, 42),
  ]) {
    t.equal(answer, -errno.ESTALE)
  }
  t.equal(driver.open(ROOT), -errno.EISDIR)
  t.equal(driver.read(ROOT, 0), -errno.EISDIR)
  t.equal(driver.lookup(a, 'x'), -errno.ENOTDIR)
  t.equal(driver.list(a, 0, 4096), -errno.ENOTDIR)
  t.equal(driver.readlink(a), -errno.EINVAL)
  const open = { body: { flags: 0, open_flags: 0 }, name: '' }
  t.match(driver.fs.opendir({ header: header(a), ...open }), { errno: errno.ENOTDIR })
  t.match(driver.fs.opendir({ header: header(unknown), ...open }), { errno: errno.ESTALE })
  t.match(driver.fs.opendir({ header: header(ROOT), ...open }), { fh: 0 })
  t.end()
})

t.test('pages that the kernel may hold are dropped at the last release, and only those', (t) => {
  const driver = new Driver(table([secret('a', 'one')]))
  const fh = driver.open(a)
  driver.read(a, fh)
  driver.release(a, fh)
  t.same(driver.uncached, [], 'read(2) leaves no pages')
  t.equal(driver.open(a), driver.open(a))
  driver.read(a, fh, 0, 4096, false)
  driver.release(a, fh)
  t.same(driver.uncached, [], 'a descriptor is left')
  driver.release(a, fh)
  t.same(driver.uncached, [a])
  driver.open(a)
  driver.release(a, fh)
  t.same(driver.uncached, [a], 'once')
  t.end()
})

t.test('an old descriptor never fills the page cache, which all descriptors share', (t) => {
  const driver = new Driver(table([secret('a', 'one')]))
  const old = driver.open(a)
  driver.replace(table([secret('a', 'two')]))
  t.equal(driver.read(a, old, 0, 4096, false), -errno.ESTALE)
  t.equal(driver.read(a, old), 'one', 'read(2) goes on')
  t.equal(driver.read(a, driver.open(a), 0, 4096, false), 'two')
  t.end()
})

t.test('a virtual file is one text per descriptor, hidden, and found by name', (t) => {
  let count = 0
  const status = () => Buffer.from(`text ${++count}`)
  const driver = new Driver(table([secret('a', 'one')]), new Map([['.hushfs/status.json', status]]))
  const folder = driver.lookup(ROOT, '.hushfs')
  t.match(folder, { attr: { mode: 0o40700, uid: 0, nlink: 2 } })
  const node = nodeId('virtual', '.hushfs/status.json')
  t.match(driver.lookup(nodeId('directory', '.hushfs'), 'status.json'), {
    nodeid: node,
    attr: { mode: 0o100400 },
  })
  const first = driver.open(node)
  const second = driver.open(node)
  t.same(
    [driver.read(node, second), driver.read(node, first), driver.read(node, first, 5)],
    ['text 2', 'text 1', '1'],
  )
  driver.release(node, first)
  t.equal(driver.read(node, second), 'text 2')
  t.end()
})

t.test(
  'who is refused opens and reads nothing, and the descriptor of a removed secret is asked for too',
  (t) => {
    const driver = new Driver(table([secret('a', 'one')]))
    const fh = driver.open(a)
    driver.gate.refusal = refuse(errno.EACCES)
    t.equal(driver.open(a), -errno.EACCES)
    t.equal(driver.read(a, fh), -errno.EACCES)
    driver.replace(table([]))
    t.equal(driver.read(a, fh), -errno.EACCES)
    t.equal(driver.memory.vault.opens, 0)
    t.equal(driver.fs.counters.errors, 3)
    t.end()
  },
)

t.test('.self is the view of whoever asks', (t) => {
  const driver = new Driver(table([secret('a', 'one')]))
  const self = nodeId('self', '.self')
  t.match(driver.lookup(ROOT, '.self'), { nodeid: self, attr: { mode: 0o120777 } })
  t.equal(driver.readlink(self), -errno.ENOENT, 'in no unit')
  driver.gate.unit = 'app.service'
  t.equal(driver.readlink(self), '.units/app.service')
  t.equal(driver.open(self), -errno.EINVAL)
  t.end()
})

t.test('statfs counts nodes and has no space', (t) => {
  const driver = new Driver(table([secret('d/a', 'one'), secret('b', 'two')]))
  t.match(driver.fs.statfs(), { files: 6, bfree: 0, bavail: 0, ffree: 0, namelen: 255 })
  t.end()
})
