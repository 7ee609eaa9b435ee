/** The service as `hushfs install` puts it in place: what it may, what it serves, how it stops. On the systemd of trixie (257) and of Debian 12 (252). */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { installedService, place, UNIT, type Service } from '../support/systemd/service.ts'
import { service } from '../support/systemd/system.ts'

for (const suite of ['trixie', 'bookworm'] as const) {
  t.test(`on ${suite}`, async (t) => {
    const hushfs = await installedService(t, { suite })
    const { system } = hushfs
    await hushfs.set('db/password', 'first')
    await hushfs.set('mine', 'for one', '--unit', 'reader.service')
    await hushfs.start()

    await t.test('it is running, says what it serves, and reads work', async (t) => {
      t.equal(await hushfs.property('ActiveState'), 'active')
      t.equal(await hushfs.property('Type'), suite === 'trixie' ? 'notify-reload' : 'notify')
      t.match(await hushfs.property('StatusText'), /^2 secrets, 0 failing, \d+ reads, 0 refused$/)
      t.equal(await hushfs.cat('db/password'), 'first')
      t.equal(await hushfs.property('NFileDescriptorStore'), '2')
    })

    await t.test('the server is a user of its own, with no privilege', async (t) => {
      const { pid } = await hushfs.status()
      const status = await system.output(['cat', `/proc/${pid}/status`])
      for (const line of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb'])
        t.match(status, new RegExp(`^${line}:\\s+0{16}$`, 'm'))
      t.match(status, /^NoNewPrivs:\s+1$/m)
      t.match(status, /^Seccomp:\s+2$/m)
      const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1])
      t.ok(uid >= 61184 && uid <= 65519, `a dynamic uid: ${uid}`)
      const limits = await system.output(['cat', `/proc/${pid}/limits`])
      t.match(limits, /^Max core file size\s+0\s+0 /m)
    })

    await t.test('systemd-analyze security finds little', async (t) => {
      const done = await system.run(['systemd-analyze', 'security', '--no-pager', UNIT])
      const exposure = Number(
        /exposure level for hushfs\.service: ([\d.]+)/.exec(done.stdout.toString())?.[1],
      )
      t.ok(exposure <= 1, `exposure ${exposure}`)
    })

    await t.test('rules hold', async (t) => {
      const read = [`ExecStart=sh -c 'cat ${place}/mine >/run/mine'`]
      t.match(await system.oneshot('reader.service', read), { result: 'success' })
      t.equal(await system.output(['cat', '/run/mine']), 'for one')
      t.match(await system.oneshot('other.service', read), { result: 'exit-code', status: 1 })
    })

    await t.test('reload serves what has changed', async (t) => {
      await hushfs.set('db/password', 'second')
      await hushfs.systemctl('reload', UNIT)
      t.equal(await hushfs.cat('db/password'), 'second')
    })

    await t.test('a reload that cannot be done fails, with the reason, and changes nothing', async (t) => {
      const config = await system.output(['cat', '/etc/hushfs/hushfs.yaml'])
      system.write('/etc/hushfs/hushfs.yaml', `${config}\nnonsense: 1\n`)
      t.not((await system.run(['systemctl', 'reload', UNIT])).status, 0)
      t.match(await system.output(['journalctl', '--unit', UNIT, '--output=cat']), 'unknown key `nonsense`')
      t.equal(await hushfs.cat('db/password'), 'second')
      t.equal(await hushfs.property('ActiveState'), 'active')
      system.write('/etc/hushfs/hushfs.yaml', config)
      await hushfs.systemctl('reload', UNIT)
    })

    await t.test('a restart leaves the mount alone, and what is open too', async (t) => {
      const before = await mountId(hushfs)
      const reader = holdOpen(hushfs)
      await once(reader.stdout, 'data')
      await hushfs.systemctl('restart', UNIT)
      t.equal(await mountId(hushfs), before)
      reader.stdin.end('go on\n')
      const [rest] = (await once(reader.stdout, 'data')) as [Buffer]
      t.equal(rest.toString(), 'second')
    })

    await t.test('stop: what is open gets ENOTCONN at once, nothing is left', async (t) => {
      const reader = holdOpen(hushfs)
      await once(reader.stdout, 'data')
      const complaint = text(reader.stderr)
      await hushfs.systemctl('stop', UNIT)
      reader.stdin.end('go on\n')
      t.match(await complaint, 'Transport endpoint is not connected')
      t.notMatch(await system.output(['cat', '/proc/self/mountinfo']), 'fuse.hushfs')
      t.equal(await hushfs.property('NFileDescriptorStore'), '0')
      t.match((await system.run(['pgrep', '-f', 'hushfs[.]js'])).status, 1)
    })

    await t.test('a dead mount of an earlier server is replaced', async (t) => {
      await hushfs.start()
      // Killed whole, with the descriptor that systemd keeps: the mount is dead.
      system.write('/run/systemd/system/hushfs.service.d/left.conf', '[Service]\nExecStopPost=\n')
      await hushfs.systemctl('daemon-reload')
      await hushfs.systemctl('stop', UNIT)
      t.match(await system.output(['cat', '/proc/self/mountinfo']), 'fuse.hushfs', 'it was left behind')
      await hushfs.start()
      t.equal(await hushfs.cat('db/password'), 'second')
      const mounts = await system.output(['cat', '/proc/self/mountinfo'])
      t.equal(mounts.split('\n').filter((line) => line.includes('fuse.hushfs')).length, 1)
      await system.output(['rm', '-r', '/run/systemd/system/hushfs.service.d'])
      await hushfs.systemctl('daemon-reload')
    })

    await t.test('a bad configuration: the start fails, and nothing is mounted', async (t) => {
      await hushfs.systemctl('stop', UNIT)
      const config = await system.output(['cat', '/etc/hushfs/hushfs.yaml'])
      system.write('/etc/hushfs/hushfs.yaml', 'nonsense: 1\n')
      t.not((await system.run(['systemctl', 'start', UNIT])).status, 0)
      t.equal(await hushfs.property('Result'), 'exit-code')
      t.equal(await hushfs.property('ActiveState'), 'failed')
      t.notMatch(await system.output(['cat', '/proc/self/mountinfo']), 'fuse.hushfs')
      system.write('/etc/hushfs/hushfs.yaml', config)
    })

    await t.test('wire gives a secret to a unit', async (t) => {
      await hushfs.start()
      await hushfs.set('env', 'COLOUR=green\n')
      await hushfs.systemctl('reload', UNIT)
      await system.install({
        'wired.service': service([
          'Type=oneshot',
          'DynamicUser=yes',
          "ExecStart=sh -c 'cat $CREDENTIALS_DIRECTORY/pw; echo; echo $COLOUR'",
        ]),
      })
      await hushfs.hushfs(
        'wire',
        'wired.service',
        '--credential',
        'pw=db/password',
        '--env',
        'env',
        '--install',
      )
      await hushfs.systemctl('daemon-reload')
      t.match(await system.start('wired.service'), { result: 'success', output: /^second\ngreen\n$/ })
      const wrong = await system.run([
        ...['/opt/hushfs/node', '/opt/hushfs/dist/hushfs.js'],
        'wire',
        'a.service',
        '--env',
        'nope',
      ])
      t.match(wrong, { status: 2, stderr: /there is no secret nope/ })
    })

    await t.test('uninstall takes the service away, and leaves what opens the secrets', async (t) => {
      await hushfs.hushfs('uninstall')
      t.equal(await hushfs.property('LoadState'), 'not-found')
      t.notMatch(await system.output(['cat', '/proc/self/mountinfo']), 'fuse.hushfs')
      await system.output(['test', '-f', '/var/lib/hushfs/identity'])
      t.match((await system.run(['ls', '/etc/systemd/system'])).stdout.toString(), /^(?![^]*hushfs)/)
    })
  })
}

async function mountId({ system }: Service): Promise<string> {
  const mounts = await system.output(['cat', '/proc/self/mountinfo'])
  return /^(\d+) .* - fuse\.hushfs /m.exec(mounts)?.[1] ?? 'none'
}

/** A reader that opens the secret, says so, and reads it when it is told to. */
function holdOpen({ system }: Service) {
  const program = `exec 3<${place}/db/password; echo open; read line; cat <&3`
  const [command = '', ...args] = system.entering(['sh', '-c', program])
  return spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
}
