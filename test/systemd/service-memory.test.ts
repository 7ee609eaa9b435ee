/** What the service's server keeps in memory: never a private key, never a value that nobody is reading; and none of it on a disk. */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { bech32 } from '@scure/base'
import t from 'tap'
import { SECRET_KEY_PREFIX } from '../../src/identity/key-lines.ts'
import { copiesInMemory } from '../support/memory.ts'
import { installedService, UNIT } from '../support/systemd/service.ts'

t.setTimeout(120_000)
const hushfs = await installedService(t)
const { system } = hushfs
const value = randomBytes(30_000).toString('base64')
await hushfs.set('a', value)
const identity = await system.output(['cat', '/var/lib/hushfs/identity'])
const key = identity.split('\n').find((line) => line.startsWith(SECRET_KEY_PREFIX.toUpperCase())) ?? ''

/** Pieces of a text, as bytes and as a two-byte string has them. */
const needlesOf = (text: string) =>
  [text.slice(-24), text.slice(0, 24)].flatMap((piece) => [Buffer.from(piece), Buffer.from(piece, 'utf16le')])

/** The process as this machine counts; its PID 1 is another. */
function hostPid(inside: number): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const found = pids.find((pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      const cgroup = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
      return new RegExp(`^NSpid:.*\\s${inside}$`, 'm').test(status) && cgroup.includes(UNIT)
    } catch {
      return false
    }
  })
  return Number(found)
}

t.test('after a load, reads, a reload and another death', async (t) => {
  const raw = bech32.decodeToBytes(key).bytes
  await hushfs.start()
  for (const act of [() => hushfs.systemctl('reload', UNIT), () => hushfs.signal('KILL')]) {
    for (let read = 0; read < 20; read++) t.equal(await hushfs.cat('a'), value)
    const { pid } = await hushfs.status()
    const counts = copiesInMemory(hostPid(pid), [raw, ...needlesOf(key), ...needlesOf(value)])
    t.strictSame(
      counts,
      counts.map(() => 0),
    )
    const [seen = 0] = copiesInMemory(hostPid(pid), [Buffer.from('/etc/hushfs/hushfs.yaml')])
    t.ok(seen > 0, 'the scan sees its memory')
    await act()
  }
})

t.test('what there is goes to no disk', async (t) => {
  t.equal(await hushfs.property('MemorySwapMax'), '0')
  t.equal(await hushfs.property('LimitCORE'), '0')
  const where = await system.run(['grep', '-rlF', value.slice(0, 40), '/run', '/var', '/etc', '/tmp'])
  t.equal(where.stdout.toString().replace(/^\/run\/hushfs\/(\.units\/[^\n]*\/)?a\n/gm, ''), '')
})
