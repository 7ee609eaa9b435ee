/** Values change again and again while they are read: each read is one whole value, and the server doesn't grow. */
import t from 'tap'
import { installProgram } from '../support/systemd/programs.ts'
import { installedService, place } from '../support/systemd/service.ts'

const RELOADS = 500
/** A value is one byte, repeated, so that a mix of two shows; lengths differ, so that a read past the shorter one's end would too. */
const VALUES = [Buffer.alloc(60_000, 'a'), Buffer.alloc(50_000, 'b'), Buffer.alloc(4096, 'c')]

t.setTimeout(600_000)
const hushfs = await installedService(t)
const { system } = hushfs
const store = '/var/lib/hushfs/store'
const sealed: string[] = []
for (const [index, value] of VALUES.entries()) {
  await hushfs.set('a', value)
  const kept = `/root/${index}.sealed`
  await system.output(['cp', '--preserve', `${store}/a.sealed`, kept])
  sealed.push(kept)
}
await hushfs.start()

t.test(`${RELOADS} reloads under load`, async (t) => {
  installProgram(system, 'reload-often.mjs')
  const hammer = hushfs.hammer('a', 4, 1_000_000_000)
  const argv = ['/opt/hushfs/node', '/usr/local/bin/reload-often.mjs', `${store}/a.sealed`]
  const said = await system.output([...argv, String(RELOADS), '10', ...sealed], { timeout: 500_000 })
  const { early, late } = JSON.parse(said) as { early: number; late: number }
  await hammer.stop()
  const { opens, longestMs, ...counts } = await hammer.ended
  t.comment(`${opens} opens; the longest pause: ${longestMs} ms; resident memory: ${early}, then ${late} KiB`)
  t.strictSame(counts, { failed: 0, wrong: 0, error: '' })
  t.ok(opens > RELOADS)
  t.ok(late <= early * 1.05, `resident memory: ${late} KiB after ${RELOADS} reloads, ${early} KiB after 10`)
  t.equal(await hushfs.cat('a'), VALUES[(RELOADS - 1) % VALUES.length]?.toString())
  t.match(await hushfs.status(), { reloads: { count: RELOADS }, secrets: { total: 1, failing: 0 } })
})

t.test('systemd is told of a reload', async (t) => {
  await hushfs.systemctl('reload', 'hushfs.service')
  t.match(await hushfs.status(), { reloads: { count: RELOADS + 1 } })
  t.equal(await system.output(['cat', `${place}/a`]), VALUES[(RELOADS - 1) % VALUES.length]?.toString())
})
