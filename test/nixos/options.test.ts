/** Every option is documented, with an example that its own type takes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { evaluate, moduleFolder } from '../support/nix/evaluate.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'

interface Option {
  readonly name: string
  readonly isDocumented: boolean
  readonly hasExample: boolean
  readonly exampleFits: boolean
  readonly isInternal: boolean
}

const own = /^(services\.hushfs|testing\.hardcodedSecrets|systemd\.services\.<name>\.hushfs)(\.|$)/

t.test('every option', needsNixpkgs, async (t) => {
  const all = (await evaluate(
    'system.optionsOf (system.evaluate { imports = [ ./hardcoded-secrets.nix ]; })',
  )) as Option[]
  const options = all.filter(({ name, isInternal }) => own.test(name) && !isInternal)
  const names = options.map(({ name }) => name)
  for (const name of [
    'enable',
    'package',
    'mountPoint',
    'identityPaths',
    'secrets',
    'directoryMode',
    'checkConfig',
  ])
    t.ok(names.includes(`services.hushfs.${name}`), name)
  for (const name of ['settings', 'catalog', 'allowPlaintext', 'externalUnits'])
    t.ok(names.includes(`services.hushfs.${name}`), name)
  for (const name of [
    'sealedFile',
    'ageFile',
    'file',
    'text',
    'owner',
    'group',
    'mode',
    'units',
    'userUnits',
  ])
    t.ok(names.includes(`services.hushfs.secrets.<name>.${name}`), name)
  for (const name of [
    'manager',
    'reads',
    'restartUnits',
    'reloadUnits',
    'path',
    'symlinks',
    'neededForUsers',
  ])
    t.ok(names.includes(`services.hushfs.secrets.<name>.${name}`), name)
  for (const name of ['request.mode', 'result.path', 'output.path', 'response.path', 'secret.consumer'])
    t.ok(names.includes(`services.hushfs.secrets.<name>.${name}`), name)
  for (const name of ['secrets', 'environment'])
    t.ok(names.includes(`systemd.services.<name>.hushfs.${name}`), name)

  // In its tables, beside others: `owner`, or `sealedFile`, or `enable`, `package`.
  const readme = readFileSync(join(moduleFolder, 'README.md'), 'utf8')
  for (const name of names.filter((one) => /^services\.hushfs\.(secrets\.<name>\.)?[A-Za-z]+$/.test(one))) {
    const aliases = ['input', 'output', 'response', 'secret', 'secrets', 'templates', 'vaults']
    const last = name.split('.').at(-1) ?? ''
    if (!aliases.includes(last)) t.match(readme, `\`${last}\``, `README.md: ${name}`)
  }

  for (const { name, isDocumented, hasExample, exampleFits } of options) {
    t.ok(isDocumented, `${name} has a description`)
    // An alias of `request`, which has one.
    if (!name.startsWith('testing.') || !name.endsWith('.input')) t.ok(hasExample, `${name} has an example`)
    t.ok(exampleFits, `${name}: its type takes the example`)
  }
})
