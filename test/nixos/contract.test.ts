/** The file-secrets contract: a consumer of each published version is linked to hushfs, and to the provider for tests, by that version's own names. */
import t from 'tap'
import { acceptedByHushfs } from '../support/nix/check-config.ts'
import { evaluate, viewOf, type View } from '../support/nix/evaluate.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'

/** File of the version, where its consumer finds the path. */
const versions = {
  rfc189: 'output',
  'draft-a': 'output',
  'draft-b': 'response',
  selfhostblocks: 'result',
  pr506343: 'result',
} as const

const provider = '[ "services" "hushfs" "secrets" "app/password" ]'
const hushfs = (version: string) => `{
  imports = [ (import ../test/nixos/contracts/${version}.nix { provider = ${provider}; entry = { text = "x"; }; }) ];
  services.hushfs.allowPlaintext = true;
}`

for (const [version, half] of Object.entries(versions)) {
  t.test(`hushfs, ${version}`, needsNixpkgs, async (t) => {
    const { view, path } = (await evaluate(
      `let evaluated = system.evaluate (${hushfs(version)}); in {
        view = system.view evaluated;
        path = evaluated.config.services.app.password.${half}.path;
      }`,
    )) as { view: View; path: string }
    t.strictSame(view.failed, [])
    t.equal(path, '/run/hushfs/app/password')
    t.strictSame(view.results['app/password'], [path, path, path, path])
    const restartUnits = version === 'selfhostblocks' ? ['app.service'] : []
    t.match(view.document['secrets'], {
      'app/password': { owner: 'app', group: 'app', mode: '0440', restartUnits },
    })
    await acceptedByHushfs(t, version, view.document)
  })

  if (version === 'rfc189' || version === 'pr506343') continue
  t.test(`hardcodedSecrets, ${version}`, needsNixpkgs, async (t) => {
    const entry =
      '{ provider = [ "testing" "hardcodedSecrets" "secrets" "app" ]; entry = { content = "x"; }; }'
    const { path, script } = (await evaluate(
      `let
        inherit (system.evaluate {
          imports = [ ./hardcoded-secrets.nix (import ../test/nixos/contracts/${version}.nix ${entry}) ];
        }) config;
      in {
        inherit (config.services.app.password.${half}) path;
        script = config.system.activationScripts.hardcodedSecret-app.text;
      }`,
    )) as { path: string; script: string }
    t.equal(path, '/run/hardcodedsecrets/app')
    t.match(script, /chown '?app:app'? '?\/run\/hardcodedsecrets\/app/)
    t.match(script, /chmod '?0440/)
  })
}

t.test(
  'a provider reads an owner of root and mode 0400 where the consumer says nothing',
  needsNixpkgs,
  async (t) => {
    const view = await viewOf(
      '{ services.hushfs = { allowPlaintext = true; secrets.a = { text = "x"; request = { }; }; }; }',
    )
    t.match(view.document['secrets'], { a: { owner: 'root', group: 'root', mode: '0400' } })
  },
)

t.test('an option for module authors takes a result, a path and a Nix path', needsNixpkgs, async (t) => {
  const values = await evaluate(`
    let
      inherit (import ./lib { inherit lib; }) fileSecrets;
      of = value: (lib.evalModules { modules = [
        { options.x = lib.mkOption { type = fileSecrets.mkConsumerType { owner = "app"; }; default = { }; }; }
        { x = value; }
      ]; }).config.x;
    in {
      requested = (of { }).request;
      result = (of { result.path = "/run/x"; }).result.path;
      string = (of "/run/x").result.path;
      path = (of /run/x).result.path;
    }`)
  t.strictSame(values, {
    requested: { mode: '0400', owner: 'app', group: 'root', restartUnits: [] },
    result: '/run/x',
    string: '/run/x',
    path: '/run/x',
  })
})
