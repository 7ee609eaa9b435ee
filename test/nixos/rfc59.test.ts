/** RFC 59's four invariants (SECURITY.md), each on a real systemd with a service that asks for a secret as the RFC has it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { viewOf } from '../support/nix/evaluate.ts'
import { sshIdentity } from '../support/nix/example-identity.ts'
import { filesOf, prepare } from '../support/nix/install.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'
import { bootSystemd, type System } from '../support/systemd/system.ts'
import { until } from '../support/until.ts'

const KEY = '/etc/ssh/ssh_host_ed25519_key'
const SECRET = '/run/hushfs/asked/for'
const CREDENTIALS = '/run/credentials/asking.service'
const CREDENTIAL = `${CREDENTIALS}/asked.for`
const VALUE = 'example of a database password'

const invariants = [
  'the store of secrets, and what opens it, is accessible to root alone',
  'a secret is there for a service for the duration of its execution',
  "only the service's processes and root read it",
  'it is cleaned up when the service stops, is killed or crashes, and when the system restarts',
] as const
const [alone, during, own, cleanedUp] = invariants

const configuration = `{
  services.hushfs.identityPaths = [ "${KEY}" ];
  services.hushfs.secrets."asked/for".ageFile = ./examples/secrets/db-password.age;
  systemd.services.asking = {
    hushfs.secrets = [ "asked/for" ];
    script = "touch /tmp/mine; cat $CREDENTIALS_DIRECTORY/asked.for; echo; exec sleep infinity";
    serviceConfig = { DynamicUser = true; PrivateTmp = true; };
  };
  systemd.services.other = {
    script = "cat ${SECRET}";
    serviceConfig.Type = "oneshot";
  };
}`

t.test('RFC 59', needsNixpkgs, async (t) => {
  const view = await viewOf(configuration)
  const { files, links } = filesOf(view, Object.keys(view.services))
  const key = { path: KEY, content: sshIdentity(), mode: 0o600 }
  const system = await bootSystemd(t, { files: prepare(t.testdir({}), { files: [key, ...files], links }) })
  const ask = async () => {
    await system.output(['systemctl', 'start', 'asking.service'])
    await said(system, VALUE)
  }
  const isRefused = async (t: Test, file: string, user?: string) => {
    const done = await system.run(['cat', file], user === undefined ? {} : { user })
    t.match(done, { status: 1, stderr: /Permission denied/ }, `${user ?? 'root'}: ${file}`)
  }

  await t.test(alone, async (t) => {
    await ask()
    await isRefused(t, KEY, 'alice')
    await isRefused(t, '/run/credentials/hushfs.service/etc-ssh-ssh_host_ed25519_key', 'alice')
    t.equal((await system.run(['ls', '/run/hushfs-state/'], { user: 'alice' })).status, 2)
  })

  await t.test(during, async (t) => {
    t.equal((await system.run(['test', '-e', CREDENTIALS])).status, 0)
    await system.output(['systemctl', 'stop', 'asking.service'])
    t.equal((await system.run(['test', '-e', CREDENTIALS])).status, 1)
    await isRefused(t, SECRET)
  })

  await t.test(own, async (t) => {
    await ask()
    t.equal(await system.output(['cat', CREDENTIAL]), VALUE)
    await isRefused(t, CREDENTIAL, 'alice')
    await isRefused(t, SECRET, 'alice')
    t.match(await system.start('other.service'), { result: 'exit-code', output: /Permission denied/ })
    const uid = await system.output(['stat', '-c', '%u', `/proc/${await mainPid(system)}`])
    t.ok(Number(uid) >= 61184, 'its user is dynamic')
    t.equal((await system.run(['test', '-e', '/tmp/mine'])).status, 1, 'its /tmp is its own')
  })

  await t.test(cleanedUp, async (t) => {
    for (const end of [['stop'], ['kill', '--signal=KILL'], ['kill', '--signal=SEGV']]) {
      await ask()
      await system.output(['systemctl', ...end, 'asking.service'])
      await until(
        'its credentials are gone',
        async () => (await system.run(['test', '-e', CREDENTIALS])).status === 1,
      )
      await system.run(['systemctl', 'reset-failed', 'asking.service'])
    }
    await ask()
    t.match(
      await system.output(['stat', '-f', '-c', '%T', CREDENTIALS]),
      /^(tmpfs|ramfs)$/m,
      'it is in memory',
    )
  })
})

t.test("SECURITY.md's table has these tests", (t) => {
  const security = readFileSync(join(import.meta.dirname, '../../SECURITY.md'), 'utf8')
  const [, section = ''] = /^## RFC 59(.*?)^## /ms.exec(security) ?? []
  const rows = [...section.matchAll(/^\| (?!---|invariant)(.*?) \|/gm)].map(([, name]) => name)
  t.strictSame(rows, invariants)
  t.end()
})

/** The service says what it has read. */
async function said(system: System, text: string): Promise<void> {
  const journal = ['journalctl', '--unit=asking.service', '--output=cat', '--invocation=0']
  await until('the service has read', async () => (await system.output(journal)).includes(text))
}

async function mainPid(system: System): Promise<string> {
  return (
    await system.output(['systemctl', 'show', '--property=MainPID', '--value', 'asking.service'])
  ).trim()
}
