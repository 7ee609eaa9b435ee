import t from 'tap'
import { errno } from '../../../../src/base/errno.ts'
import { refused, rowOf, served } from '../../../../src/fuse/wire/ops.ts'

/** linux/fuse.h, enum fuse_opcode: 1 to 52, but for 7 and 19, which no protocol version used. */
const opcodes = Array.from({ length: 52 }, (_, index) => index + 1).filter(
  (code) => code !== 7 && code !== 19,
)

t.test('every opcode has exactly one row', (t) => {
  const codes = [...Object.values(served), ...Object.values(refused)].map(({ code }) => code)
  t.same(
    codes.toSorted((a, b) => a - b),
    opcodes,
  )
  for (const [name, { code }] of [...Object.entries(served), ...Object.entries(refused)]) {
    t.equal(rowOf(code).name, name)
  }
  t.end()
})

t.test('open and opendir are served, so never ENOSYS: the kernel would grant every later one itself', (t) => {
  t.match(rowOf(14), { kind: 'served', name: 'open' })
  t.match(rowOf(27), { kind: 'served', name: 'opendir' })
  t.end()
})

t.test('every mutation is EROFS', (t) => {
  const mutations = [
    ...['setattr', 'symlink', 'mknod', 'mkdir', 'unlink', 'rmdir', 'rename', 'rename2', 'link', 'write'],
    ...['setxattr', 'removexattr', 'create', 'fallocate', 'copy_file_range', 'tmpfile'],
  ]
  t.same(
    Object.entries(refused)
      .filter(([, row]) => row.errno === errno.EROFS)
      .map(([name]) => name)
      .sort(),
    mutations.sort(),
  )
  t.end()
})

t.test('what a later protocol version adds is ENOSYS', (t) => {
  for (const code of [0, 7, 19, 53, 4096, 0xffffffff]) {
    t.match(rowOf(code), { kind: 'refused', errno: errno.ENOSYS })
  }
  t.end()
})
