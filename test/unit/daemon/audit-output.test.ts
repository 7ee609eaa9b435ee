import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync, write } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { AuditOutput } from '../../../src/daemon/audit-output.ts'
import { until } from '../../support/until.ts'

/** Lines that are fetched one batch at a time. */
function queue(...batches: string[]) {
  const source = {
    fetched: 0,
    take: () => {
      const next = batches.shift()
      if (next !== undefined) source.fetched++
      return Buffer.from(next ?? '')
    },
    push: (text: string) => batches.push(text),
  }
  return source
}

/** A pipe whose writing end doesn't block, and its reading end. */
function pipe(t: Test) {
  const path = join(t.testdir({}), 'pipe')
  spawnSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  const open = new Set([reader, writer])
  const close = (fd: number) => {
    if (open.delete(fd)) closeSync(fd)
  }
  t.teardown(() => {
    for (const fd of open) close(fd)
  })
  const buffer = Buffer.alloc(1 << 20)
  const read = () => {
    try {
      return buffer.toString('latin1', 0, readSync(reader, buffer))
    } catch {
      return ''
    }
  }
  return { reader, writer, close, read }
}

t.test('all that waits is written, in order', async (t) => {
  const { writer, read } = pipe(t)
  const source = queue('one\n', 'two\n', 'three\n')
  new AuditOutput(writer).drain(source.take)
  let text = ''
  await until('all came', () => (text += read()).endsWith('three\n'))
  t.equal(text, 'one\ntwo\nthree\n')
})

t.test('what comes while it is writing is written too, and once', async (t) => {
  const { writer, read } = pipe(t)
  const source = queue('one\n')
  const output = new AuditOutput(writer)
  output.drain(source.take)
  source.push('two\n')
  output.drain(source.take)
  let text = ''
  await until('both came', () => (text += read()).includes('two\n'))
  t.equal(text, 'one\ntwo\n')
  source.push('three\n')
  output.drain(source.take)
  await until('the third came', () => (text += read()).endsWith('three\n'))
  t.equal(text, 'one\ntwo\nthree\n')
})

t.test('a reader that stalls leaves the rest where it is, and loses nothing', async (t) => {
  const { writer, read } = pipe(t)
  const big = (letter: string) => `${letter.repeat(300_000)}\n`
  const source = queue(big('a'), big('b'), big('c'))
  const output = new AuditOutput(writer)
  output.drain(source.take)
  output.drain(source.take)
  let text = read()
  await until('a part came', () => (text += read()).length > 0)
  t.equal(source.fetched, 1, 'a pipe holds 64 KiB: the first batch is still on its way')
  await until('all came', () => (text += read()).length === 900_003)
  t.equal(text, big('a') + big('b') + big('c'))
})

t.test('a closed output ends it: nothing is fetched any more', async (t) => {
  const { reader, writer, close } = pipe(t)
  close(reader)
  const source = queue('one\n', 'two\n', 'three\n')
  const output = new AuditOutput(writer)
  // Each of our own writes ends after the one before it that the output made.
  for (let round = 0; round < 20; round++) {
    output.drain(source.take)
    await t.rejects(promisify(write)(writer, Buffer.from('x')), { code: 'EPIPE' })
  }
  t.equal(source.fetched, 1)
})
