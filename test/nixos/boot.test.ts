/** A boot with the units of the module: whoever reads at start finds its secret, and nothing waits in a circle. */
import t from 'tap'
import { viewAll } from '../support/nix/evaluate.ts'
import { sshIdentity } from '../support/nix/example-identity.ts'
import { filesOf, prepare } from '../support/nix/install.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'
import { bootSystemd } from '../support/systemd/system.ts'

const readers = 20
const names = Array.from({ length: readers }, (_, index) => `reader${index}`)
const reader = (name: string) => `
  services.hushfs.secrets."${name}" = { ageFile = ./examples/secrets/token.age; units = [ "${name}.service" ]; };
  systemd.services.${name} = {
    wantedBy = [ "multi-user.target" ];
    script = "cat /run/hushfs/${name}";
    serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
  };`

/** Each way in which units ask for a secret, with what it says once it has one. */
const ways = {
  plain: `${names.map(reader).join('')}
    # Nothing orders this one, and the secret has no rule.
    services.hushfs.secrets.open = { ageFile = ./examples/secrets/token.age; symlinks = [ "/var/lib/app/token" ]; };
    systemd.services.unordered = {
      wantedBy = [ "multi-user.target" ];
      script = "cat /run/hushfs/open";
      serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
    };`,
  'before users': `
    services.userborn.enable = true;
    services.hushfs.secrets.password = { ageFile = ./examples/secrets/alice-password.age; neededForUsers = true; };
    services.hushfs.secrets.late = { ageFile = ./examples/secrets/token.age; owner = "late"; };
    # In place of the real one: makes a user of the password.
    systemd.services.userborn = {
      wantedBy = [ "sysinit.target" ];
      before = [ "systemd-tmpfiles-setup-dev.service" "sysinit.target" ];
      script = "cat /run/hushfs/password && useradd --system late";
      unitConfig.DefaultDependencies = false;
      serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
    };`,
  'dynamic user': `imports = [ ./examples/dynamic-user.nix ];`,
  'environment file': `imports = [ ./examples/environment-file.nix ];`,
  'RFC 59': `imports = [ ./examples/rfc59.nix ];`,
  template: `
    imports = [ ./examples/template.nix ];
    systemd.services.app = {
      script = lib.mkForce "cat /run/hushfs/app.json";
      serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
    };`,
  'environment of a service': `
    services.hushfs.secrets.token.ageFile = ./examples/secrets/token.age;
    systemd.services.app = {
      wantedBy = [ "multi-user.target" ];
      hushfs.environment.TOKEN = "token";
      script = "printenv TOKEN";
      serviceConfig = { Type = "oneshot"; RemainAfterExit = true; DynamicUser = true; };
    };`,
} as const

t.test('boot', needsNixpkgs, async (t) => {
  const identity = 'services.hushfs.identityPaths = [ "/etc/ssh/ssh_host_ed25519_key" ];'
  const modules = Object.entries(ways).map(([name, text]) => [name, `{ ${identity} ${text} }`])
  const views = await viewAll(Object.fromEntries(modules) as Record<keyof typeof ways, string>)
  const key = { path: '/etc/ssh/ssh_host_ed25519_key', content: sshIdentity(), mode: 0o600 }

  for (const [name, view] of Object.entries(views)) {
    await t.test(name, async (t) => {
      t.strictSame(view.failed, [])
      const { files, links } = filesOf(view, Object.keys(view.services))
      const system = await bootSystemd(t, {
        files: prepare(t.testdir({}), { files: [key, ...files], links }),
      })
      t.equal(await system.output(['systemctl', '--failed', '--no-legend', '--plain']), '')
      // The journal begins after systemd has broken a cycle.
      const verified = await system.run(['systemd-analyze', 'verify', '--man=no', 'multi-user.target'])
      t.notMatch(verified.stderr, /ordering cycle/)
      for (const unit of [
        'hushfs',
        ...Object.keys(view.services).filter((one) => !one.startsWith('hushfs')),
      ]) {
        const result = await system.output(['systemctl', 'show', '--property=Result,ConditionResult', unit])
        t.match(result, 'Result=success', unit)
      }
      const said = (unit: string) => system.output(['journalctl', `--unit=${unit}.service`, '--output=cat'])
      if (name === 'plain') {
        for (const unit of [...names, 'unordered']) t.match(await said(unit), 'example of a token', unit)
        t.equal(await system.output(['cat', '/var/lib/app/token']), 'example of a token', 'through a link')
      } else if (name === 'before users') {
        t.match(await said('userborn'), '$6$example$hash')
        t.equal(await system.output(['stat', '-c', '%U', '/run/hushfs/late']), 'late\n')
      } else if (name === 'template') {
        const [made = ''] = /^\{\n[^}]*\}$/m.exec(await said('app')) ?? []
        const database = 'postgres://app:example%20of%20a%20database%20password@db/app'
        t.strictSame(JSON.parse(made), { database, token: 'example of a token' })
      } else if (name !== 'environment file') t.match(await said('app'), 'example of a token')
    })
  }
})
