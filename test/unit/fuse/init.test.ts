import t from 'tap'
import { ProtocolError } from '../../../src/base/errors.ts'
import { capabilityTable, negotiate, wanted, type Wishes } from '../../../src/fuse/init.ts'
import { initFlag, type InitFlag } from '../../../src/fuse/wire/kernel.ts'

const everything = (1n << 64n) - 1n
const bits = (...names: InitFlag[]) => names.reduce((all, name) => all | (1n << BigInt(initFlag[name])), 0n)
const wishes = (mostBytes: number, rest: Partial<Wishes> = {}): Wishes => ({
  mostBytes,
  requestTimeout: 60,
  without: [],
  ...rest,
})
const taken = (answer: { flags: number; flags2: number }) =>
  (BigInt(answer.flags2) << 32n) | BigInt(answer.flags)

t.test('of everything, what is wanted is taken and nothing else', (t) => {
  const offer = { major: 7, minor: 45, max_readahead: 131072, flags: everything }
  const { answer, flags } = negotiate(offer, wishes(1 << 20))
  t.equal(flags, bits(...wanted))
  t.equal(taken(answer), bits(...wanted))
  t.match(answer, {
    major: 7,
    minor: 41,
    max_readahead: 131072,
    max_pages: 256,
    request_timeout: 60,
    time_gran: 1,
  })
  t.end()
})

t.test('what would let the kernel answer in the place of the server is never taken', (t) => {
  const dangerous = bits(
    ...(['CACHE_SYMLINKS', 'NO_OPEN_SUPPORT', 'NO_OPENDIR_SUPPORT', 'EXPLICIT_INVAL_DATA'] as const),
    ...(['WRITEBACK_CACHE', 'PASSTHROUGH', 'SPLICE_READ', 'OVER_IO_URING'] as const),
  )
  const offer = { major: 7, minor: 41, max_readahead: 0, flags: everything }
  const { answer } = negotiate(offer, wishes(4096))
  t.equal(taken(answer) & dangerous, 0n)
  t.end()
})

t.test('what the kernel does not offer is not taken', (t) => {
  const offered = bits('PARALLEL_DIROPS', 'POSIX_LOCKS')
  const { answer } = negotiate({ major: 7, minor: 31, max_readahead: 0, flags: offered }, wishes(4097))
  t.equal(taken(answer), bits('PARALLEL_DIROPS'))
  t.match(answer, { minor: 31, max_pages: 2, request_timeout: 0 })
  t.end()
})

t.test('what is to be done without is not taken', (t) => {
  const offer = { major: 7, minor: 45, max_readahead: 0, flags: everything }
  const { answer, flags } = negotiate(offer, wishes(4096, { without: ['HAS_RESEND', 'REQUEST_TIMEOUT'] }))
  t.equal(flags, bits(...wanted) & ~bits('HAS_RESEND', 'REQUEST_TIMEOUT'))
  t.equal(taken(answer), flags)
  t.equal(answer.request_timeout, 0)
  t.end()
})

t.test('another major or an older minor version is refused by name', (t) => {
  for (const [major, minor] of [
    [7, 30],
    [6, 40],
    [8, 0],
  ] as const) {
    const refused = () => negotiate({ major, minor, max_readahead: 0, flags: 0n }, wishes(4096))
    t.throws(
      refused,
      new ProtocolError(`the kernel speaks FUSE ${major}.${minor}; hushfs needs 7.31 (Linux 5.4) or newer`),
    )
  }
  t.end()
})

t.test('the capability table has a line for each flag', (t) => {
  const offer = { major: 7, minor: 41, max_readahead: 0, flags: bits('HAS_RESEND', 'POSIX_ACL') }
  const lines = capabilityTable(offer, negotiate(offer, wishes(4096)).answer)
  t.equal(lines.length, 1 + Object.keys(initFlag).length)
  t.match(lines[0], /kernel 7\.41, answered 7\.41/)
  const line = (name: string) => lines.find((text) => text.includes(` ${name} `))
  t.match(line('HAS_RESEND'), /offered yes taken yes/)
  t.match(line('POSIX_ACL'), /offered yes taken -/)
  t.match(line('MAX_PAGES'), /offered - {3}taken -/)
  t.end()
})
