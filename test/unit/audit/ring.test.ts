import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { transformSync } from 'esbuild'
import t from 'tap'
import { LineRing } from '../../../src/audit/ring.ts'

const put = (ring: LineRing, text: string) => {
  ring.put(Buffer.from(text))
}
const take = (ring: LineRing) => Buffer.from(ring.take()).toString()

t.test('lines come out as they went in, also over the end of the memory', (t) => {
  const ring = new LineRing(16)
  const reader = new LineRing(ring.memory)
  for (const text of ['one\n', 'three\nfour\n', 'abcdefghijklmno\n', 'x\n', '123456789012345\n']) {
    put(ring, text)
    t.equal(reader.waiting, text.length)
    t.equal(take(reader), text)
    t.equal(ring.waiting, 0)
  }
  t.equal(take(reader), '')
  t.equal(ring.dropped, 0)
  t.end()
})

t.test('what does not fit is dropped whole and counted', (t) => {
  const ring = new LineRing(16)
  put(ring, 'a'.repeat(17))
  put(ring, '1234567890\n')
  put(ring, 'abcdef\n')
  put(ring, 'abcd\n')
  t.equal(ring.dropped, 2)
  t.equal(take(ring), '1234567890\nabcd\n')
  put(ring, 'abcdef\n')
  t.equal(take(ring), 'abcdef\n')
  t.equal(new LineRing(ring.memory).dropped, 2)
  t.end()
})

t.test('the counts may wrap', (t) => {
  const ring = new LineRing(16)
  new Int32Array(ring.memory, 0, 2).fill(-4)
  for (const text of ['12345678\n', 'abcdefgh\n']) {
    put(ring, text)
    t.equal(ring.waiting, 9)
    t.equal(take(ring), text)
  }
  new Int32Array(ring.memory, 0, 2).fill(2 ** 31 - 4)
  put(ring, '12345678\n')
  t.equal(take(ring), '12345678\n')
  t.end()
})

t.test('what waits is announced once until it is taken', (t) => {
  const ring = new LineRing(16)
  put(ring, 'a\n')
  t.equal(ring.announced, false)
  t.strictSame([ring.announce(), ring.announce(), ring.announced], [true, false, true])
  ring.take()
  t.equal(ring.announced, false)
  t.equal(ring.announce(), true)
  t.end()
})

/** The ring as JavaScript: workers don't know the loader of the tests. */
const { code } = transformSync(readFileSync(new URL('../../../src/audit/ring.ts', import.meta.url), 'utf8'), {
  loader: 'ts',
  format: 'cjs',
})

/** Puts each line when there is room for it. */
const producer = `
  ${code}
  const { memory, lines } = require('node:worker_threads').workerData
  const ring = new LineRing(memory)
  for (let n = 0; n < lines; n++) {
    const line = Buffer.from(n + 'x'.repeat(n % 50) + '\\n')
    while (line.length > 1024 - ring.waiting);
    ring.put(line)
  }`

t.test('a producer and a consumer in threads of their own lose and mix up nothing', async (t) => {
  const ring = new LineRing(1024)
  const LINES = 3_000
  const worker = new Worker(producer, { eval: true, workerData: { memory: ring.memory, lines: LINES } })
  let text = ''
  const state = { done: false }
  const ended = once(worker, 'exit').then(() => (state.done = true))
  while (!state.done || ring.waiting > 0) {
    text += take(ring)
    await new Promise(setImmediate)
  }
  await ended
  const expected = Array.from({ length: LINES }, (_, n) => `${n}${'x'.repeat(n % 50)}\n`).join('')
  t.ok(text === expected, `${text.length} of ${expected.length} bytes`)
  t.equal(ring.dropped, 0)
})
