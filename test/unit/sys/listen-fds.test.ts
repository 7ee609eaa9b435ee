import { closeSync, openSync, readFileSync } from 'node:fs'
import t from 'tap'
import { listenFds } from '../../../src/sys/listen-fds.ts'

const O_CLOEXEC = 0o2000000

t.test('descriptors by name, for this process and for the child of the one that was given them', (t) => {
  const fd = openSync('/dev/null', 'r')
  t.teardown(() => closeSync(fd))
  const env = {
    LISTEN_PID: '77',
    LISTEN_FDS: String(fd - 2),
    LISTEN_FDNAMES: `${'other:'.repeat(fd - 3)}fuse`,
  }
  t.equal(listenFds(env, [12, 77]).get('fuse'), fd)
  const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0'
  t.ok(parseInt(flags, 8) & O_CLOEXEC, 'programs that are started do not get it')
  t.equal(listenFds(env, [12, 13]).size, 0, 'somebody else’s')
  t.equal(listenFds({}, [12]).size, 0)
  t.equal(listenFds({ ...env, LISTEN_FDS: 'x' }, [77]).size, 0)
  t.end()
})
