/** Credentials of systemd: the unit has them opened for a server without privilege. */
import t from 'tap'
import { viewOf } from '../support/nix/evaluate.ts'
import { installPackage, installView } from '../support/nix/install.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'
import { bootSystemd } from '../support/systemd/system.ts'

const folder = '/etc/credstore.encrypted'

t.test('a credential is served, and one that is not there holds up nothing', needsNixpkgs, async (t) => {
  const view = await viewOf(`{
    services.hushfs.secrets = {
      api-key.credentialFile = "${folder}/api-key";
      named = { credentialFile = "${folder}/file"; credentialName = "embedded"; };
      missing.credentialFile = "${folder}/missing";
      empty.credentialFile = "${folder}/empty";
    };
  }`)
  t.strictSame(view.failed, [])
  t.strictSame(view.services['hushfs']?.serviceConfig['LoadCredentialEncrypted'], [
    `api-key:${folder}/api-key`,
    `empty:${folder}/empty`,
    `missing:${folder}/missing`,
    `embedded:${folder}/file`,
  ])
  const system = await bootSystemd(t)
  await installPackage(system)
  await installView(system, view, ['hushfs', 'hushfs-ready'])
  await system.output(['mkdir', '-p', folder])
  for (const [name, file] of [
    ['api-key', 'api-key'],
    ['embedded', 'file'],
  ] as const) {
    const args = ['encrypt', '--with-key=host', `--name=${name}`, '-', `${folder}/${file}`]
    await system.output(['systemd-creds', ...args], { input: `value of ${name}` })
  }
  await system.output(['systemd-creds', 'encrypt', '--with-key=host', '-', `${folder}/empty`], { input: '' })
  await system.output(['systemctl', 'start', 'hushfs.service'])
  t.equal(await system.output(['cat', '/run/hushfs/api-key']), 'value of api-key')
  t.equal(await system.output(['cat', '/run/hushfs/named']), 'value of embedded')
  t.equal(await system.output(['cat', '/run/hushfs/empty']), '')
  t.match((await system.run(['cat', '/run/hushfs/missing'])).stderr, 'Input/output error')
})
