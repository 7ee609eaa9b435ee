import t from 'tap'
import { Journal } from '../../../src/fuse/journal.ts'
import { initFlag } from '../../../src/fuse/wire/kernel.ts'
import { requestBytes } from '../../support/fuse-requests.ts'

const open = (unique: bigint) => requestBytes('open', { flags: 0, open_flags: 0 }, { unique, nodeid: 9 })
const memory = () => new Uint8Array(Journal.BYTES)

t.test('what a server has read and not answered is there for the next one', (t) => {
  const bytes = memory()
  const journal = new Journal(bytes)
  t.equal(journal.inFlight, 0)
  const request = open(8n)
  journal.request.set(request)
  const next = new Journal(bytes)
  t.equal(next.inFlight, request.length)
  t.strictSame(next.request.subarray(0, next.inFlight), request)
  next.settle()
  t.equal(new Journal(bytes).inFlight, 0)
  t.end()
})

t.test('parked requests are kept until they are freed, whatever is read meanwhile', (t) => {
  const bytes = memory()
  const journal = new Journal(bytes)
  const parked = [4n, 6n, 8n].map((unique) => {
    journal.request.set(open(unique))
    return journal.park(unique, open(unique).length)
  })
  journal.request.fill(0)
  const [, second] = parked
  if (second !== undefined) journal.free(second)
  t.strictSame(new Journal(bytes).parked(), [parked[0], parked[2]])
  t.strictSame(new Journal(bytes).parked()[0]?.bytes, open(4n))
  new Journal(bytes).clear()
  t.strictSame(new Journal(bytes).parked(), [])
  t.end()
})

t.test('a journal that is full, or a request that is too long, parks nothing', (t) => {
  const journal = new Journal(memory())
  const request = open(2n)
  journal.request.set(request)
  let count = 0
  while (journal.park(BigInt(count), request.length) !== undefined) count++
  t.equal(count, 8192)
  t.equal(new Journal(memory()).park(1n, 4096), undefined)
  t.end()
})

t.test('a slot that was freed is used again', (t) => {
  const journal = new Journal(memory())
  const request = open(2n)
  journal.request.set(request)
  for (let i = 0; i < 10_000; i++) {
    const parked = journal.park(BigInt(i), request.length)
    if (parked === undefined) throw new Error(`no room at ${i}`)
    journal.free(parked)
  }
  t.strictSame(journal.parked(), [])
  t.end()
})

t.test('what was agreed upon at INIT', (t) => {
  const bytes = memory()
  t.equal(new Journal(bytes).negotiated, undefined)
  new Journal(bytes).agree({ minor: 41, flags: 1n << 40n })
  t.strictSame(new Journal(bytes).negotiated, { minor: 41, flags: 1n << 40n })
  t.notOk(new Journal(bytes).isForeign)
  t.end()
})

t.test('memory of another version is known, and its kernel is asked to send again', (t) => {
  const bytes = memory()
  bytes.set([1, 2, 3, 4])
  t.ok(new Journal(bytes).isForeign)
  const journal = new Journal(memory())
  t.notOk(journal.isForeign, 'new memory is nobody else’s')
  journal.assumeInit()
  t.equal(journal.negotiated?.flags, 1n << BigInt(initFlag.HAS_RESEND))
  t.end()
})

t.test('a length that is no request’s is none', (t) => {
  const bytes = memory()
  const journal = new Journal(bytes)
  for (const length of [1, 39, 0xffff_ffff]) {
    journal.view.setUint32(0, length, true)
    t.equal(new Journal(bytes).inFlight, 0, String(length))
  }
  t.end()
})
