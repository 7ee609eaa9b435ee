import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Channel, IDLE, WOKEN } from '../../../src/fuse/channel.ts'
import { Outbox, SLOT_BYTES, SLOTS } from '../../../src/fuse/outbox.ts'
import { Polling, type Outcome } from '../../../src/fuse/polling.ts'
import { createEventFd, read, setNonBlocking, signalEventFd } from '../../../src/sys/libc.ts'
import { messagePair } from '../../support/syscalls.ts'

/** A FIFO in the place of /dev/fuse: a read takes at most the channel's capacity, so each 8 bytes are a request. */
function channelOn(t: Test, polling = new Polling(0)) {
  const path = join(t.testdir(), 'fifo')
  t.equal(spawnSync('mkfifo', [path]).status, 0)
  const device = openSync(path, constants.O_RDWR)
  const wake = createEventFd()
  const request = new Uint8Array(8)
  t.teardown(() => {
    closeSync(device)
    closeSync(wake)
  })
  return { channel: new Channel(device, wake, request, polling, new Outbox([])), request, device, wake }
}

t.test('requests come one by one, a wake-up when there is none', (t) => {
  const { channel, request, device, wake } = channelOn(t)
  writeSync(device, '1234567812345678')
  signalEventFd(wake)
  t.equal(channel.next(-1), 8)
  t.equal(Buffer.from(request).toString(), '12345678')
  t.equal(channel.next(-1), 8)
  t.equal(channel.next(-1), WOKEN)
  signalEventFd(wake)
  signalEventFd(wake)
  t.equal(channel.next(-1), WOKEN)
  writeSync(device, 'abc')
  t.equal(channel.next(-1), 3, 'two signals are one wake-up')
  t.end()
})

t.test('requests without a pause do not keep a wake-up out', (t) => {
  const { channel, device, wake } = channelOn(t)
  writeSync(device, 'r'.repeat(8 * 200))
  signalEventFd(wake)
  const first = Array.from({ length: 200 }, () => channel.next(-1)).indexOf(WOKEN)
  t.ok(first > 0 && first <= 65, `heard after ${first} requests`)
  t.equal(channel.next(-1), 8, 'and the requests that waited are still there')
  t.end()
})

t.test('nothing for as long as its patience is idleness', (t) => {
  const { channel, device } = channelOn(t)
  t.equal(channel.next(1), IDLE)
  writeSync(device, 'abc')
  t.equal(channel.next(1), 3)
  t.end()
})

/** Remembers how the last poll ended. */
class ToldPolling extends Polling {
  outcome: Outcome | undefined

  override end(outcome: Outcome, now: number): void {
    this.outcome = outcome
    super.end(outcome, now)
  }
}

t.test('polling: after an answer only, not while idle, and no wake-up is missed', (t) => {
  const polling = new ToldPolling(500)
  const { channel, device, wake } = channelOn(t, polling)
  t.equal(channel.next(1), IDLE)
  t.equal(polling.spent, 0, 'nothing was answered yet')
  writeSync(device, '12345678')
  t.equal(channel.next(1), 8)
  t.equal(polling.spent, 0, 'a request was there')
  t.equal(channel.next(1), IDLE)
  const { spent } = polling
  // Whoever else wants the processor ends it sooner.
  if (polling.outcome === 'preempted') t.ok(spent > 0)
  else t.ok(spent >= 500, `polled for ${spent} µs: ${polling.outcome}`)
  t.equal(channel.next(1), IDLE)
  t.equal(polling.spent, spent, 'idle')
  signalEventFd(wake)
  t.equal(channel.next(1), WOKEN)
  writeSync(device, '12345678')
  t.equal(channel.next(1), 8)
  signalEventFd(wake)
  t.equal(channel.next(1), WOKEN)
  t.end()
})

/** A channel whose replies another end reads: `ask` sends requests, `answers` gives what has come since it was asked last. */
function conversation(t: Test) {
  const [device, peer] = messagePair()
  const wake = createEventFd()
  setNonBlocking(peer)
  t.teardown(() => {
    for (const fd of [device, peer, wake]) closeSync(fd)
  })
  const request = new Uint8Array(8)
  const slots = Array.from({ length: SLOTS }, () => new Uint8Array(SLOT_BYTES))
  const outbox = new Outbox(slots.map((slot) => ({ bytes: () => slot })))
  const channel = new Channel(device, wake, request, new Polling(0), outbox)
  const answers = () => {
    const all: string[] = []
    const into = Buffer.alloc(8192)
    for (let length; (length = read(peer, into, into.length)) > 0;)
      all.push(into.toString('latin1', 0, length))
    return all
  }
  return {
    channel,
    wake,
    answers,
    ask: (...requests: string[]) => {
      for (const one of requests) writeSync(peer, one)
    },
    /** Answer the next request with itself. */
    echo: () => {
      const length = channel.next(-1)
      t.ok(length > 0)
      channel.reply(request, length)
    },
  }
}

t.test('replies wait for each other while requests do', (t) => {
  const { channel, ask, answers, echo } = conversation(t)
  channel.gather()
  ask('1', '2', '3', '4', '5')
  for (let at = 0; at < 5; at++) echo()
  t.strictSame(answers(), ['1', '2'], 'the first ones show nothing of a backlog yet')
  t.equal(channel.next(1), IDLE)
  t.strictSame(answers(), ['3', '4', '5'])
  t.end()
})

t.test('no more replies wait than there is room for, and no longer one at all', (t) => {
  const { channel, ask, answers, echo } = conversation(t)
  channel.gather()
  const requests = Array.from({ length: 2 + SLOTS + 1 }, (_, at) => String(at))
  ask(...requests)
  for (let at = 0; at < requests.length; at++) echo()
  t.strictSame(answers(), requests.slice(0, -1))
  channel.reply(new Uint8Array(SLOT_BYTES + 1).fill(0x61), SLOT_BYTES + 1)
  t.equal(answers()[0]?.length, SLOT_BYTES + 1, 'sent at once')
  t.equal(channel.next(1), IDLE)
  t.strictSame(answers(), requests.slice(-1))
  t.end()
})

t.test('no reply waits where another server could not be asked again', (t) => {
  const { ask, answers, echo } = conversation(t)
  ask('1', '2', '3', '4', '5')
  for (let at = 1; at <= 5; at++) {
    echo()
    t.strictSame(answers(), [String(at)])
  }
  t.end()
})

t.test('readers that are waited for are answered at once', (t) => {
  const { channel, ask, answers, echo } = conversation(t)
  channel.gather()
  for (let round = 0; round < 5; round++) {
    // A close and the next open of the same reader.
    ask('release', 'open')
    echo()
    echo()
    t.strictSame(answers(), ['release', 'open'])
    t.equal(channel.next(1), IDLE)
  }
  t.end()
})

t.test('what the other thread has to say waits until the replies are sent', (t) => {
  const { channel, wake, ask, answers } = conversation(t)
  channel.gather()
  signalEventFd(wake)
  let replies = 0
  for (;;) {
    ask('request')
    const length = channel.next(-1)
    if (length === WOKEN) break
    channel.reply(Buffer.from('answer'), 6)
    replies++
    ask('request')
  }
  t.ok(replies > SLOTS, `${replies} replies`)
  t.equal(answers().length, replies)
  t.end()
})

t.test('a device that fails throws what failed', (t) => {
  const { channel, device } = channelOn(t)
  channel.reply(Buffer.from('reply'), 5)
  const echoed = Buffer.alloc(8)
  t.equal(readSync(device, echoed, 0, 8, null), 5)
  const gone = new Channel(
    openSync('/dev/null', 'r'),
    createEventFd(),
    new Uint8Array(8),
    new Polling(0),
    new Outbox([]),
  )
  t.throws(() => gone.reply(new Uint8Array(4), 4), { code: 'ERR_SYSTEM', message: 'write /dev/fuse: EBADF' })
  t.end()
})
