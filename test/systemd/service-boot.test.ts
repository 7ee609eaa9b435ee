/** Boots with many services that read their secrets at once, by every way that a unit has: all of them start, however often; one broken source is one unit's. */
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../support/process.ts'
import { sealedSecrets, writeIdentity } from '../support/sealed.ts'
import { installedService, place } from '../support/systemd/service.ts'
import { bootSystemd, type System } from '../support/systemd/system.ts'

const SERVICES = 200
/** Twenty in a row take three minutes: `npm run test:slow`. */
const BOOTS = Number(process.env['HUSHFS_TEST_BOOTS'] ?? 3)
const BROKEN = 7

t.setTimeout(900_000)
const files = mkdtempSync(join(tmpdir(), 'hushfs-test-boot-'))
chmodSync(files, 0o755)
t.teardown(() => rmSync(files, { recursive: true }))

const names = Array.from({ length: SERVICES }, (_, index) => `s${index}`)
await prepare()

t.test(`${SERVICES} services at ${BOOTS} boots`, async (t) => {
  for (let boot = 0; boot < BOOTS; boot++) {
    const system = await bootSystemd(t, { files })
    await allHaveRead(t, system, names)
    t.equal(await failed(system), '')
    t.notMatch(await system.output(['journalctl', '--boot', '--output=cat']), /ordering cycle/i)
    await system.stop()
  }
})

t.test('with one broken source all the others start', async (t) => {
  const broken = `s${BROKEN}`
  writeFileSync(join(files, `var/lib/hushfs/store/${broken}.sealed`), 'no sealed file\n')
  const system = await bootSystemd(t, { files })
  await allHaveRead(
    t,
    system,
    names.filter((name) => name !== broken),
  )
  t.equal(await failed(system), `reader-${broken}.service\n`)
  await system.stop()
})

/** What `hushfs install` puts in place in a system, with secrets and services, is there when the others boot. */
async function prepare(): Promise<void> {
  const { system } = await installedService(t)
  await system.output(['systemctl', 'enable', 'hushfs.service'])
  const kept = ['etc/hushfs', 'etc/group', 'etc/gshadow', 'etc/systemd/system', 'var/lib/hushfs']
  const packed = await system.run(['tar', '-C', '/', '-cf', '-', ...kept])
  const unpacked = await run('tar', ['-C', files, '-xpf', '-'], { input: packed.stdout })
  if (unpacked.status !== 0) throw new Error(unpacked.stderr)
  await system.stop()
  await seal()
  const units = join(files, 'etc/systemd/system')
  for (const [index, name] of names.entries()) {
    writeFileSync(join(units, `reader-${name}.service`), reader(name, index))
    symlinkSync(`../reader-${name}.service`, join(units, `multi-user.target.wants/reader-${name}.service`))
  }
}

async function seal(): Promise<void> {
  const state = join(files, 'var/lib/hushfs')
  rmSync(join(state, 'identity'))
  const recipient = writeIdentity(join(state, 'identity'))
  const values = new Map(names.map((name) => [name, Buffer.from(`V=${name}`)]))
  const sealed = await sealedSecrets(join(state, 'store'), recipient, values)
  const secrets = Object.entries(sealed).map(([name, { source }]) => {
    const file = `/var/lib/hushfs/store/${basename(source.sealed)}`
    return [name, { source: { sealed: file }, units: [`reader-${name}.service`] }]
  })
  const config = { identities: ['/var/lib/hushfs/identity'], secrets: Object.fromEntries(secrets) as object }
  writeFileSync(join(files, 'etc/hushfs/hushfs.yaml'), JSON.stringify(config))
}

/** One after the other of the ways in which a unit gets a secret. */
function reader(name: string, index: number): string {
  const ways = [
    [`ExecStart=sh -c 'cat ${place}/${name} >/run/read/${name}'`],
    [
      `LoadCredential=c:${place}/${name}`,
      'DynamicUser=yes',
      `ExecStart=+sh -c 'cat "$CREDENTIALS_DIRECTORY/c" >/run/read/${name}'`,
    ],
    [`EnvironmentFile=${place}/${name}`, `ExecStart=sh -c 'printf V=%%s "$V" >/run/read/${name}'`],
  ]
  return [
    '[Unit]',
    'After=hushfs.service',
    '[Service]',
    'Type=oneshot',
    'ExecStartPre=+mkdir -p /run/read',
    ...(ways[index % ways.length] ?? []),
    '',
  ].join('\n')
}

async function allHaveRead(t: Test, system: System, expected: readonly string[]): Promise<void> {
  const read = await system.output(['sh', '-c', 'cd /run/read && grep . *'])
  const lines = expected.map((name) => `${name}:V=${name}\n`)
  t.equal(
    read
      .split(/(?<=\n)/)
      .sort()
      .join(''),
    lines.sort().join(''),
  )
}

/** Units that failed. */
async function failed(system: System): Promise<string> {
  return system.output(['sh', '-c', 'systemctl list-units --failed --plain --no-legend | cut -d" " -f1'])
}
