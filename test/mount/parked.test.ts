/** Many secrets are served while they are still being opened: who reads one that isn't there yet waits for it, and for nothing else. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import t, { type Test } from 'tap'
import { waitingRequests } from '../support/connection.ts'
import { descendants } from '../support/memory.ts'
import { mounted, type Mounted } from '../support/mount.ts'
import { output } from '../support/process.ts'
import { until } from '../support/until.ts'

/** Enough that the unseal child is stopped long before it is done. */
const COUNT = 60_000
const LAST = `s${COUNT - 1}`

const secrets = Object.fromEntries(
  Array.from({ length: COUNT }, (_, index) => [`s${index}`, { source: { text: `value ${index}` } }]),
)

/** A mount whose first secret is there and whose unseal child is stopped; `resume` lets it go on. */
async function stoppedInTheMiddle(t: Test): Promise<{ server: Mounted; resume: () => void }> {
  const server = await mounted(t, { secrets })
  await server.cat('s0')
  const [child] = descendants(server.pid)
  if (child === undefined) throw new Error('the unseal child has ended already')
  process.kill(child, 'SIGSTOP')
  const resume = () => {
    process.kill(child, 'SIGCONT')
  }
  t.teardown(() => {
    try {
      resume()
    } catch {
      // It has ended since.
    }
  })
  return { server, resume }
}

/** The number of requests that the kernel waits for. */
async function waiting(server: Mounted, count: number): Promise<void> {
  await until(`${count} requests wait`, async () => (await waitingRequests(server.place)) === count)
}

t.test('a reader of a value that is not there yet waits for it, others are served', async (t) => {
  const { server, resume } = await stoppedInTheMiddle(t)
  t.match(server.log, /^ready: 60000 secrets \(0 failing, \d+ being opened\) at /m)

  const read = output('cat', [server.path(LAST)])
  const stat = output('stat', ['--format=%s', server.path(LAST)])
  await waiting(server, 2)
  t.equal((await server.cat('s0')).toString(), 'value 0', 'a value that is there')
  t.ok((await server.status()).secrets.pending > 0)

  resume()
  t.equal((await read).toString(), `value ${COUNT - 1}`)
  t.equal((await stat).toString(), `${String(`value ${COUNT - 1}`.length)}\n`, 'the size is the true one')
})

t.test('a waiting reader that is killed or interrupted is let go at once', async (t) => {
  const { server } = await stoppedInTheMiddle(t)
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    const reader = spawn('cat', [server.path(LAST)], { stdio: 'ignore' })
    await waiting(server, 1)
    reader.kill(signal)
    t.strictSame(await once(reader, 'exit'), [null, signal])
    await waiting(server, 0)
  }
  t.equal((await server.cat('s0')).toString(), 'value 0')
})

t.test('SIGTERM ends a server that has waiting readers, and they fail', async (t) => {
  const { server } = await stoppedInTheMiddle(t)
  const [child] = descendants(server.pid)
  const read = t.rejects(output('cat', [server.path(LAST)]), /Transport endpoint|Software caused/)
  await waiting(server, 1)
  server.signal('SIGTERM')
  await read
  t.equal(await server.ended, 0)
  t.notOk(existsSync(`/proc/${child ?? ''}`), 'the stopped child is gone')
  t.notOk(server.isMounted)
})
