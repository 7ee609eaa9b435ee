import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Channel, IDLE, WOKEN } from '../../../src/fuse/channel.ts'
import { Polling } from '../../../src/fuse/polling.ts'
import { createEventFd, signalEventFd } from '../../../src/sys/libc.ts'

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
  return { channel: new Channel(device, wake, request, polling), request, device, wake }
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

t.test('polling: after an answer only, not while idle, and no wake-up is missed', (t) => {
  const polling = new Polling(500)
  const { channel, device, wake } = channelOn(t, polling)
  t.equal(channel.next(1), IDLE)
  t.equal(polling.spent, 0, 'nothing was answered yet')
  writeSync(device, '12345678')
  t.equal(channel.next(1), 8)
  t.equal(polling.spent, 0, 'a request was there')
  t.equal(channel.next(1), IDLE)
  const { spent } = polling
  t.ok(spent >= 500, `polled for ${spent} µs`)
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

t.test('a device that fails throws what failed', (t) => {
  const { channel, device } = channelOn(t)
  channel.reply(Buffer.from('reply'), 5)
  const echoed = Buffer.alloc(8)
  t.equal(readSync(device, echoed, 0, 8, null), 5)
  const gone = new Channel(openSync('/dev/null', 'r'), createEventFd(), new Uint8Array(8), new Polling(0))
  t.throws(() => gone.reply(new Uint8Array(4), 4), { code: 'ERR_SYSTEM', message: 'write /dev/fuse: EBADF' })
  t.end()
})
