/** The units of the module on a real systemd: boot, reads, rule, reload, a switch with a changed secret, an upgrade, and the contract. */
import t from 'tap'
import { viewAll, type View } from '../support/nix/evaluate.ts'
import { behavesAsContracted } from '../support/nix/contract-test.ts'
import { sshIdentity } from '../support/nix/example-identity.ts'
import { installPackage, installView } from '../support/nix/install.ts'
import { needsNixpkgs, NO_NIXPKGS } from '../support/nix/nixpkgs.ts'
import { bootSystemd } from '../support/systemd/system.ts'
import { until } from '../support/until.ts'

if (needsNixpkgs.skip !== false) {
  t.plan(0, NO_NIXPKGS)
  process.exit()
}

const identity = 'services.hushfs.identityPaths = [ "/etc/ssh/ssh_host_ed25519_key" ];'
const oneshot = 'serviceConfig.Type = "oneshot";'
const base = (value: string) => `{
  ${identity}
  services.hushfs.allowPlaintext = true;
  services.hushfs.secrets = {
    "foo/token" = { ageFile = ./examples/secrets/token.age; units = [ "foo.service" "daemon.service" ]; };
    "contract/root".text = "a super secret secret!";
    "contract/app" = { text = "secretA"; request = { owner = "app"; group = "app"; mode = "640"; }; };
    changing = { text = "${value}"; units = [ "daemon.service" "foo.service" ]; restartUnits = [ "restarted.service" ]; };
  };
  systemd.services.foo = {
    ${oneshot}
    script = "cat /run/hushfs/foo/token";
  };
  systemd.services.bar = { ${oneshot} script = "cat /run/hushfs/foo/token"; };
  systemd.services.daemon.script = "exec sleep infinity";
  systemd.services.restarted.script = "exec sleep infinity";
}`

const { before, after } = await viewAll({ before: base('old'), after: base('new') })
const units = ['hushfs', 'hushfs-ready', 'hushfs-changes', 'foo', 'bar', 'daemon', 'restarted']
const success = { result: 'success', status: 0 }

const system = await bootSystemd(t)
await installPackage(system)
system.write('/etc/ssh/ssh_host_ed25519_key', sshIdentity(), 0o600)

/** The process that serves a unit's main purpose. */
async function mainPid(unit: string): Promise<string> {
  return (await system.output(['systemctl', 'show', '--property=MainPID', '--value', unit])).trim()
}

/** What a switch of NixOS does to hushfs when its configuration has changed, and its unit hasn't. */
async function switchTo(view: View): Promise<void> {
  await installView(system, view, units)
  await system.output(['systemctl', 'reload', 'hushfs.service'])
}

t.test('a reader brings hushfs, and reads', async (t) => {
  await installView(system, before, units)
  t.match(await system.start('foo.service'), { ...success, output: 'example of a token\n' })
  t.equal(await system.output(['systemctl', 'is-active', 'hushfs.service']), 'active\n')
})

t.test('the rule: another unit and root outside are refused', async (t) => {
  t.match(await system.start('bar.service'), { result: 'exit-code', output: /Permission denied/ })
  t.match(await system.run(['cat', '/run/hushfs/foo/token']), { status: 1, stderr: /Permission denied/ })
})

t.test("the contract's generic test", async (t) => {
  const { secretPaths: paths } = before
  await behavesAsContracted(t, system, paths['contract/root'] ?? '', {
    ...{ owner: 'root', group: 'root', mode: '0400' },
    content: 'a super secret secret!',
  })
  await behavesAsContracted(t, system, paths['contract/app'] ?? '', {
    ...{ owner: 'app', group: 'app', mode: '640' },
    content: 'secretA',
  })
})

t.test('a switch with a changed secret: a reload, the same server, and its unit is restarted', async (t) => {
  await system.output(['systemctl', 'start', 'daemon.service', 'restarted.service', 'hushfs-changes.path'])
  const [server, daemon, restarted] = await Promise.all(
    ['hushfs.service', 'daemon.service', 'restarted.service'].map(mainPid),
  )
  const read = async () =>
    (
      await system.run(['cat', '/run/hushfs/changing'], { cgroup: '/system.slice/daemon.service' })
    ).stdout.toString()
  t.equal(await read(), 'old')
  await switchTo(after)
  t.equal(await read(), 'new')
  await until(
    'its unit was restarted',
    async () => ![restarted, '0'].includes(await mainPid('restarted.service')),
  )
  t.equal(await mainPid('hushfs.service'), server)
  t.equal(await mainPid('daemon.service'), daemon)
})

t.test('an upgrade restarts the server into the same mount, and no reader', async (t) => {
  const [server, daemon] = await Promise.all(['hushfs.service', 'daemon.service'].map(mainPid))
  const mount = async () =>
    /^\d+ .* \/run\/hushfs .*$/m.exec(await system.output(['cat', '/proc/self/mountinfo']))?.[0]
  const mounted = await mount()
  t.ok(mounted)
  await system.output(['systemctl', 'restart', 'hushfs.service'])
  t.not(await mainPid('hushfs.service'), server)
  t.equal(await mainPid('daemon.service'), daemon)
  t.equal(await mount(), mounted)
  t.match(await system.start('foo.service'), { ...success, output: 'example of a token\n' })
})

t.test('a server that is killed is one more pause', async (t) => {
  const [server, daemon] = await Promise.all(['hushfs.service', 'daemon.service'].map(mainPid))
  await system.output(['systemctl', 'kill', '--signal=KILL', '--kill-whom=all', 'hushfs.service'])
  await until('it runs again', async () => ![server, '0'].includes(await mainPid('hushfs.service')))
  t.match(await system.start('foo.service'), { ...success, output: 'example of a token\n' })
  t.equal(await mainPid('daemon.service'), daemon)
})

t.test('whoever stops hushfs stops no reader, and the next start of one brings it back', async (t) => {
  const daemon = await mainPid('daemon.service')
  await system.output(['systemctl', 'stop', 'hushfs.service'])
  t.notMatch(await system.output(['cat', '/proc/self/mountinfo']), '/run/hushfs ')
  t.equal(await mainPid('daemon.service'), daemon)
  t.match(await system.start('foo.service'), { ...success, output: 'example of a token\n' })
})

t.test('without hushfs a reader is not started', async (t) => {
  await system.output(['systemctl', 'stop', 'hushfs.service'])
  system.write('/etc/hushfs/hushfs.yaml', '{"secrets": 1}')
  t.match((await system.run(['systemctl', 'start', 'foo.service'])).stderr, /[Dd]ependency/)
})
