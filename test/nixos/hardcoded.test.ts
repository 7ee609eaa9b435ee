/** The provider for tests behaves as the contract's generic test asks, and is not readable for anybody else at any time. */
import t from 'tap'
import { evaluate } from '../support/nix/evaluate.ts'
import { behavesAsContracted } from '../support/nix/contract-test.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'
import { bootSystemd } from '../support/systemd/system.ts'

const rows = [
  { owner: 'root', group: 'root', mode: '0400', content: 'a super secret secret!' },
  { owner: 'app', group: 'app', mode: '640', content: 'secretA' },
] as const

interface Provided {
  readonly path: string
  readonly script: string
}

t.test("the contract's generic test", needsNixpkgs, async (t) => {
  const system = await bootSystemd(t)
  for (const wanted of rows) {
    const { owner, group, mode, content } = wanted
    const { path, script } = (await evaluate(
      `let
        inherit (system.evaluate {
          imports = [ ./hardcoded-secrets.nix ];
          testing.hardcodedSecrets.secrets."it's" = {
            request = { owner = "${owner}"; group = "${group}"; mode = "${mode}"; };
            content = "${content}";
          };
        }) config;
      in {
        inherit (config.testing.hardcodedSecrets.secrets."it's".result) path;
        script = config.system.activationScripts."hardcodedSecret-it's".text;
      }`,
    )) as Provided
    const [stored = ''] = /\/nix\/store\/\S+/.exec(script) ?? []
    system.write(stored, content)
    for (const round of ['at boot', 'at a switch']) {
      await system.output(['bash', '-euc', script])
      await behavesAsContracted(t, system, path, wanted)
      t.equal((await system.run(['cat', path], { user: 'bob' })).status, 1, `${round}: nobody else`)
    }
  }
})
