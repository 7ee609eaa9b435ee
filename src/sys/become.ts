import { getSystemErrorMap } from 'node:util'
import { errnoName } from '../base/errno.ts'
import { SystemError } from '../base/errors.ts'
import { lastErrno, libc, passOn, setBlocking } from './libc.ts'

const execvp = libc.func('int execvp(const char *file, const char **argv)') as (
  file: string,
  argv: readonly (string | null)[],
) => number
const signal = libc.func('void *signal(int signum, void *handler)') as (
  signal: number,
  handler: null,
) => unknown

/** What Node ignores for itself (PlatformInit in its node.cc); an ignored signal stays ignored after exec (execve(2)). */
const IGNORED_BY_NODE = [13 /* SIGPIPE */, 25 /* SIGXFSZ */]
const STREAMS = [0, 1, 2]
/** The first descriptor that a service gets (sd_listen_fds(3)). */
const FIRST = 3

/**
 * Become another program, in this process: the same id, unit and terminal, the environment as `process.env` has it, standard streams and the
 * descriptors of a socket-activated service. The program is looked for in PATH. Returns only to throw the `SystemError` of execve(2).
 */
export function become(argv: readonly [string, ...string[]]): never {
  // Node marks what it inherits as its own alone, and makes streams that it has opened non-blocking for everyone who shares them.
  const passed = Array.from({ length: socketCount() }, (_, index) => FIRST + index)
  for (const fd of [...STREAMS, ...passed]) passOn(fd)
  for (const fd of STREAMS) setBlocking(fd)
  for (const number of IGNORED_BY_NODE) signal(number, null)
  execvp(argv[0], [...argv, null])
  const code = lastErrno()
  const [, words] = getSystemErrorMap().get(-code) ?? []
  throw new SystemError('execve', code, `${argv[0]}: ${words ?? errnoName(code)}`)
}

function socketCount(): number {
  const count = Number(process.env['LISTEN_FDS'] ?? 0)
  return Number.isSafeInteger(count) && Number(process.env['LISTEN_PID']) === process.pid ? count : 0
}
