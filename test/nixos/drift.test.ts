/** The module's units are those of systemd/, which `hushfs install` writes on other distributions. */
import t from 'tap'
import { unitFile, type UnitChoices } from '../../src/daemon/unit-files.ts'
import { viewOf } from '../support/nix/evaluate.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'
import { pathText, unitText } from '../support/nix/unit-text.ts'

/** What has to be different, by section and key: NixOS makes links of dependencies (`[Install]`), and says what to mount first. */
const ownOfNixos = new Set(['Unit.RequiresMountsFor'])

const identities = ['/etc/ssh/ssh_host_ed25519_key', '/var/lib/my-keys/id']
const program = '/opt/hushfs/package/bin/hushfs'
const choices: UnitChoices = {
  systemdVersion: 257,
  nsenter: '/usr/bin/nsenter',
  program: [program],
  config: '/etc/hushfs/hushfs.yaml',
  identities,
  group: undefined,
  network: false,
}

type Unit = Readonly<Record<string, readonly string[]>>

/** The values of each key, without order where systemd has none. */
function parsed(text: string): Unit {
  const values: Record<string, string[]> = {}
  let section = ''
  for (const line of text.split('\n')) {
    const [, heading] = /^\[(\w+)\]$/.exec(line) ?? []
    if (heading !== undefined) section = heading
    const [, key, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (key === undefined || section === 'Install') continue
    const place = (values[`${section}.${key}`] ??= [])
    place.push(...(section === 'Unit' && key !== 'Description' ? value.split(' ') : [sameWord(value)]))
  }
  return Object.fromEntries(
    Object.entries(values)
      .filter(([key]) => !ownOfNixos.has(key))
      .map(([key, list]) => [key, list.map(sameWord).sort()]),
  )
}

/** systemd's two ways to write a boolean; and where the supervisor is. */
function sameWord(value: string): string {
  const word = { yes: 'true', no: 'false' }[value] ?? value
  return word.replace(/\/\S*\/systemd\/supervise/, 'SUPERVISE')
}

const identityPaths = `services.hushfs.identityPaths = ${JSON.stringify(identities).replaceAll(',', ' ')};`

t.test('each unit', needsNixpkgs, async (t) => {
  const view = await viewOf(`{ ${identityPaths} }`)
  const { hushfs, 'hushfs-changes': changes } = view.services
  const path = view.paths['hushfs-changes']
  if (hushfs === undefined || changes === undefined || path === undefined)
    throw new Error('a unit is missing')

  t.strictSame(parsed(unitText(hushfs)), parsed(unitFile('hushfs.service', choices)))
  t.strictSame(parsed(unitText(changes)), parsed(unitFile('hushfs-changes.service', choices)))
  t.strictSame(parsed(pathText(path)), parsed(unitFile('hushfs-changes.path', choices)))
  t.strictSame(hushfs.wantedBy, ['basic.target'])
  t.match(unitFile('hushfs.service', choices), /^WantedBy=basic\.target$/m)
})

t.test('with a secret of a vault: the network, and what signs in', needsNixpkgs, async (t) => {
  const { services } = await viewOf(`{
    ${identityPaths}
    services.hushfs.vaults.main = { address = "https://v.example"; auth.tokenFile = "/t"; caFile = "/ca.pem"; };
    services.hushfs.secrets.s.vault = { path = "kv/s"; field = "f"; };
  }`)
  const { hushfs } = services
  if (hushfs === undefined) throw new Error('the unit is missing')
  const files = [...identities, '/t', '/ca.pem']
  const expected = unitFile('hushfs.service', { ...choices, identities: files, network: true })
  t.strictSame(parsed(unitText(hushfs)), parsed(expected))
})
