import { closeSync, readSync } from 'node:fs'
import t from 'tap'
import { createSharedMemory, mapSharedMemory } from '../../../src/sys/shared-memory.ts'

t.test('the same bytes for whoever has the descriptor', (t) => {
  const { fd, bytes } = createSharedMemory('hushfs-test', 8192)
  t.teardown(() => closeSync(fd))
  t.ok(bytes.every((byte) => byte === 0))
  const other = mapSharedMemory(fd, 8192)
  bytes.set([1, 2, 3], 4096)
  t.strictSame(other.subarray(4096, 4099), Uint8Array.of(1, 2, 3))
  const read = Buffer.alloc(3)
  readSync(fd, read, 0, 3, 4096)
  t.strictSame([...read], [1, 2, 3])
  t.end()
})

t.test('a descriptor that is none', (t) => {
  t.throws(() => mapSharedMemory(-1, 4096), { code: 'ERR_SYSTEM', message: /^mmap: EBADF/ })
  t.end()
})
