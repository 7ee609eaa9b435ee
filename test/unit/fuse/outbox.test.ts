import t from 'tap'
import { Outbox, SLOT_BYTES, SLOTS } from '../../../src/fuse/outbox.ts'

/** An outbox, its memory, and what it sends. */
function outbox() {
  const slots = Array.from({ length: SLOTS }, () => new Uint8Array(SLOT_BYTES))
  const sent: string[] = []
  const made = new Outbox(slots.map((slot) => ({ bytes: () => slot })))
  const put = (text: string) => made.put(Buffer.from(`${text}, and what is no part of it`), text.length)
  const flush = () => {
    made.flush((reply, length) => sent.push(Buffer.from(reply.subarray(0, length)).toString()))
  }
  return {
    outbox: made,
    put,
    flush,
    sent,
    isWiped: () => slots.every((slot) => slot.every((byte) => byte === 0)),
  }
}

t.test('what was put is sent once, in its order, and wiped', (t) => {
  const { outbox: made, put, flush, sent, isWiped } = outbox()
  t.equal(made.isEmpty, true)
  t.equal(put('one'), true)
  t.equal(put('the second'), true)
  t.equal(made.isEmpty, false)
  t.equal(isWiped(), false, 'control')
  flush()
  t.strictSame(sent, ['one', 'the second'])
  t.equal(made.isEmpty, true)
  t.ok(isWiped())
  flush()
  t.equal(sent.length, 2)
  t.end()
})

t.test('no more than there is room for', (t) => {
  const { outbox: made, put, flush, sent } = outbox()
  for (let at = 0; at < SLOTS; at++) {
    t.equal(made.isFull, false)
    t.equal(put(`reply ${at}`), true)
  }
  t.equal(made.isFull, true)
  t.equal(put('one more'), false)
  flush()
  t.equal(sent.length, SLOTS)
  t.equal(put('x'.repeat(SLOT_BYTES)), true)
  t.equal(put('x'.repeat(SLOT_BYTES + 1)), false)
  t.end()
})

t.test('wiped when sending fails', (t) => {
  const { outbox: made, put, isWiped } = outbox()
  put('one')
  put('two')
  const send = () => {
    throw new Error('the device failed')
  }
  t.throws(
    () => {
      made.flush(send)
    },
    { message: 'the device failed' },
  )
  t.ok(isWiped())
  t.equal(made.isEmpty, true)
  t.end()
})
