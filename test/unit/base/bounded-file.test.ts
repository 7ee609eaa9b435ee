import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readBoundedFile } from '../../../src/base/bounded-file.ts'
import { run } from '../../support/tools.ts'

class OwnError extends Error {
  override name = 'OwnError'
}
const fail = (message: string) => new OwnError(message)
const folder = t.testdir()
const path = join(folder, 'file')

t.test('up to the limit, byte for byte', (t) => {
  for (const size of [0, 1, 4095, 4096, 10_000]) {
    const content = Buffer.alloc(size, 'abc')
    writeFileSync(path, content)
    t.ok(readBoundedFile(path, 10_000, fail).equals(content), `${size} bytes`)
  }
  t.end()
})

t.test('a file whose size is not told in advance', (t) => {
  const limits = readBoundedFile('/proc/self/limits', 1 << 20, fail)
  t.match(limits.toString(), /^Limit[^]*Max realtime timeout/)
  t.throws(() => readBoundedFile('/proc/self/limits', limits.length - 1, fail), {
    message: /^\/proc\/self\/limits: larger than \d+ bytes$/,
  })
  t.equal(readBoundedFile('/proc/self/limits', limits.length, fail).length, limits.length)
  t.end()
})

t.test('every failure is of the class that the caller chose, and names the path', (t) => {
  writeFileSync(path, '')
  truncateSync(path, 2 ** 40)
  const fifo = join(folder, 'fifo')
  run('mkfifo', [fifo])
  for (const [file, reason] of [
    [path, 'larger than 10 bytes'],
    [join(folder, 'absent'), 'no such file'],
    [folder, 'not a regular file'],
    [fifo, 'not a regular file'],
    ['/dev/zero', 'not a regular file'],
    [join(path, 'below'), 'part of the path is not a directory'],
  ] as const) {
    t.throws(() => readBoundedFile(file, 10, fail), OwnError, file)
    t.throws(() => readBoundedFile(file, 10, fail), { message: `${file}: ${reason}` }, file)
  }
  t.end()
})
