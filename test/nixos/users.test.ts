/** Passwords of users: by ordering where a service makes the users, else around the script that does, which runs here as it is. */
import t, { type Test } from 'tap'
import { until } from '../support/until.ts'
import { viewAll, viewOf } from '../support/nix/evaluate.ts'
import { installPackage, writeConfiguration } from '../support/nix/install.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'
import { bootSystemd, type System } from '../support/systemd/system.ts'
import { sshIdentity } from '../support/nix/example-identity.ts'

const PLACE = '/run/hushfs-for-users'
const example = `{
  imports = [ ./examples/users.nix ];
  services.hushfs.identityPaths = [ "/etc/ssh/ssh_host_ed25519_key" ];
  services.hushfs.secrets.other.ageFile = ./examples/secrets/token.age;
}`

t.test('where a service makes users, hushfs comes before it', needsNixpkgs, async (t) => {
  const views = await viewAll({
    userborn: `{ imports = [ ${example} ]; services.userborn.enable = true; }`,
    sysusers: `{ imports = [ ${example} ]; systemd.sysusers.enable = true; }`,
  })
  for (const view of Object.values(views)) {
    t.strictSame(view.failed, [])
    t.equal(view.secretPaths['users/alice'], '/run/hushfs/users/alice')
    t.match(Object.keys(view.document['secrets'] as object), ['other', 'users/alice'])
    const { before = [], after = [] } = view.services['hushfs'] ?? {}
    t.ok(before.includes('userborn.service') && before.includes('systemd-sysusers.service'))
    t.notOk(after.includes('systemd-sysusers.service'))
    t.notOk(after.includes('local-fs.target'), 'which comes after systemd-sysusers.service')
    t.match(view.services['hushfs-accounts'], {
      serviceConfig: { ExecStart: /systemctl reload hushfs\.service$/ },
    })
    t.strictSame(view.scripts, {})
  }
})

t.test('else there is a mount around the script', needsNixpkgs, async (t) => {
  const view = await viewOf(example)
  t.equal(view.secretPaths['users/alice'], `${PLACE}/users/alice`)
  t.strictSame(Object.keys(view.document['secrets'] as object), ['other'])
  t.strictSame(Object.keys(view.usersDocument['secrets'] as object), ['users/alice'])
  t.match(view.scripts, {
    users: { deps: ['hushfsForUsers'] },
    hushfsForUsers: { deps: ['specialfs'] },
    hushfsForUsersEnd: { deps: ['users'] },
  })
  t.notOk(view.services['hushfs']?.before.includes('systemd-sysusers.service'))

  const system = await bootSystemd(t)
  await installPackage(system)
  system.write('/etc/ssh/ssh_host_ed25519_key', sshIdentity(), 0o600)
  const { hushfsForUsers, hushfsForUsersEnd } = view.scripts
  if (hushfsForUsers === undefined || hushfsForUsersEnd === undefined) throw new Error('no script')
  const [, config = ''] = /--config (\S+)/.exec(hushfsForUsers.text) ?? []
  await writeConfiguration(system, config, view.usersDocument)
  const activation = (users: string) => [
    'bash',
    '-c',
    [hushfsForUsers.text, users, hushfsForUsersEnd.text].join('\n'),
  ]

  await t.test('root reads the password, nobody else enters', async (t) => {
    const file = `${PLACE}/users/alice`
    const users = `cat ${file}; stat -c ' %U %G %a' ${file}
      setpriv --reuid=alice --regid=alice --init-groups ls ${PLACE} 2>&1
      setpriv --reuid=alice --regid=alice --init-groups cat ${file} 2>&1`
    const done = await system.run(activation(users))
    t.equal(done.status, 0, done.stderr)
    const [read, ...refused] = done.stdout.toString().trim().split('\n')
    t.equal(read, '$6$example$hash root root 400')
    t.equal(refused.length, 2)
    for (const line of refused) t.match(line, /Permission denied/)
    await nothingIsLeft(t, system)
  })

  await t.test('the activation goes on without a password whose key is gone', async (t) => {
    await system.output(['mv', '/etc/ssh/ssh_host_ed25519_key', '/etc/ssh/away'])
    const done = await system.run(activation(`cat ${PLACE}/users/alice 2>&1; echo after`))
    t.match(done.stdout.toString(), /Input\/output error[^]*after/)
    await system.output(['mv', '/etc/ssh/away', '/etc/ssh/ssh_host_ed25519_key'])
    await nothingIsLeft(t, system)
  })

  await t.test('the activation goes on, and fails, without a configuration that loads', async (t) => {
    system.write(config, '{"secrets": 1}')
    const done = await system.run(activation('echo "status $_localstatus"'))
    t.match(done.stdout.toString(), 'status 1')
    t.match(done.stderr, /hushfs: the passwords of users can't be mounted/)
    await writeConfiguration(system, config, view.usersDocument)
    await nothingIsLeft(t, system)
  })

  await t.test('nothing is left when the server is killed meanwhile', async (t) => {
    const done = await system.run(
      activation('kill -KILL "$hushfs_for_users"; wait "$hushfs_for_users"; echo after'),
    )
    t.match(done.stdout.toString(), 'after')
    await nothingIsLeft(t, system)
  })
})

async function nothingIsLeft(t: Test, system: System): Promise<void> {
  t.notMatch(await system.output(['cat', '/proc/self/mountinfo']), 'hushfs-for-users')
  t.equal((await system.run(['test', '-e', PLACE])).status, 1, 'no folder')
  await until(
    'its processes are gone',
    async () => (await system.run(['pgrep', '-f', 'hushfs.js mount'])).status === 1,
  )
}
