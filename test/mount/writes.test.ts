/** What a load and its readers make the processes of hushfs write, as strace(1) sees it: plaintext goes into pipes of commands and to /dev/fuse, and nowhere else. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { mountAt } from '../../src/sys/mountinfo.ts'
import { Bao } from '../support/bao/server.ts'
import { workFolder, writeConfig } from '../support/mount.ts'
import { dist, hushfs, output, run, unhooked } from '../support/process.ts'
import { sealedSecrets, writeIdentity } from '../support/sealed.ts'
import { sopsIn } from '../support/sops.ts'
import { until } from '../support/until.ts'
import { isLeftOut } from '../support/without.ts'

t.setTimeout(90_000)

/** System calls that take bytes out of a process. */
const CALLS = [
  ...['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendto', 'sendmsg', 'sendmmsg', 'vmsplice'],
  ...['splice', 'tee', 'sendfile', 'copy_file_range', 'process_vm_writev', 'io_uring_enter', 'mmap'],
].join()
const LENGTH = 1000
const NEEDLE = 24

/** Printable, so that strace shows it as it is. */
const sentinel = () =>
  randomBytes(LENGTH)
    .toString('base64')
    .replace(/[^A-Za-z0-9]/g, 'x')
    .slice(0, LENGTH)
const needlesOf = (value: string) =>
  [0, LENGTH / 2, LENGTH - NEEDLE].map((at) => value.slice(at, at + NEEDLE))

interface Write {
  readonly line: string
  /** What the descriptor is: a path, or `pipe:[N]`. */
  readonly into: string
}

/** Run `work` with a server under strace, and give every write of it and its children. */
async function traced(
  t: Test,
  folder: string,
  config: object,
  work: (place: string) => Promise<void>,
): Promise<Write[]> {
  const [place, log, configFile] = ['mnt', 'strace.log', 'hushfs.yaml'].map((name) => join(folder, name))
  if (place === undefined || log === undefined || configFile === undefined) throw new Error('names')
  mkdirSync(place)
  writeConfig(configFile, config as { secrets: object })
  const strace = ['-f', '-qq', '-y', '-s', '4000000', '-e', `trace=${CALLS}`, '-o', log]
  const mount = [process.execPath, join(dist, 'hushfs.js'), 'mount', '--config', configFile, place]
  const server = spawn(...unhooked('strace', [...strace, ...mount]), { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  server.stderr.on('data', (piece: Buffer) => (said += piece.toString()))
  const ended = once(server, 'close')
  t.teardown(() => server.kill('SIGKILL'))
  await until('it is ready', () => said.includes('ready: ') && mountAt(place) !== undefined)
  await work(place)
  await hushfs(['unmount', place])
  await ended
  t.notMatch(said, 'failing: ')
  t.match(said, '(0 failing')
  const lines = readFileSync(log, 'latin1').split('\n')
  const shared = lines.filter((line) => /mmap\(.*PROT_WRITE.*MAP_SHARED/.test(line))
  t.ok(lines.some((line) => /mmap\(.*MAP_PRIVATE/.test(line)))
  t.strictSame(
    shared.filter((line) => /MAP_SHARED[A-Z_|]*, \d+<(?!\/memfd:)/.test(line)),
    [],
    'no file is written by way of memory',
  )
  return lines.flatMap((line) => {
    const into = /^\d+ +\w+\(\d+<([^>]*)>/.exec(line)?.[1]
    return into === undefined ? [] : [{ line, into }]
  })
}

t.test('every kind of source, and a template of all of them', async (t) => {
  const folder = workFolder(t)
  const values = new Map<string, string>()
  const secrets: Record<string, object> = {}
  const add = async (name: string, source: (value: Buffer) => Promise<object> | object) => {
    const value = sentinel()
    values.set(name, value)
    secrets[name] = { source: await source(Buffer.from(value)) }
  }
  const identities = await filesOf(folder, add)
  const vaults = isLeftOut('bao') ? {} : await vaultOf(t, join(folder, 'bao'), add)
  const names = [...values.keys()]
  const of = (name: string) => Buffer.from(values.get(name) ?? '')
  const content = names.map((name) => `\${hushfs:${name}}`).join('|')
  const config = { identities, vaults, secrets, templates: { all: { content } } }
  const writes = await traced(t, folder, config, async (place) => {
    for (const name of names) t.ok((await output('cat', [join(place, name)])).equals(of(name)), name)
    const all = (await output('cat', [join(place, 'all')])).toString()
    t.equal(all, names.map((name) => of(name).toString()).join('|'))
  })

  const needles = names.flatMap((name) => needlesOf(of(name).toString()))
  const plain = writes.filter(({ line }) => needles.some((needle) => line.includes(needle)))
  const places = new Set(plain.map(({ into }) => into.replace(/\[\d+\]/, '')))
  t.strictSame([...places].sort(), ['/dev/fuse', 'pipe:'], 'both were seen, and nothing else')
  const pids = new Set(
    plain.filter(({ into }) => into.startsWith('pipe:')).map(({ line }) => line.split(' ', 1)[0]),
  )
  t.equal(pids.size, 2, 'into pipes: by age and systemd-creds, not by the unseal child')
  const fuse = plain.filter(({ into }) => into === '/dev/fuse').length
  t.equal(fuse, names.length + 1, 'once for each read')
  t.ok(writes.length > plain.length + 5, 'the others are seen too')
})

type Add = (name: string, source: (value: Buffer) => Promise<object> | object) => Promise<void>

/** A secret of each kind that a file or a command gives, and the identities that open them. */
async function filesOf(folder: string, add: Add): Promise<string[]> {
  const path = (name: string) => join(folder, name)
  const recipient = writeIdentity(path('identity'))
  await run('age-keygen', ['-o', path('age.key')])
  const age = (await output('age-keygen', ['-y', path('age.key')])).toString().trim()
  const aged = async (name: string, input: Buffer) => {
    writeFileSync(path(name), await output('age', ['-r', age], { input }))
    return path(name)
  }
  await add('sealed', async (value) => {
    const { sealed } = await sealedSecrets(folder, recipient, new Map([['sealed', value]]))
    return sealed?.source ?? {}
  })
  await add('age', async (value) => ({ age: await aged('age', value) }))
  await add('exec', async (value) => ({
    exec: { command: ['age', '-d', '-i', path('age.key'), await aged('exec', value)] },
  }))
  await add('credential', async (value) => {
    const creds = ['--with-key=tpm2-absent', '--name=db', 'encrypt', '-', '-']
    writeFileSync(path('credential'), await encrypted(creds, value))
    return { credential: { file: path('credential'), name: 'db', allowNull: true } }
  })
  if (!isLeftOut('sops'))
    await add('sops', (value) => {
      const file = sopsIn(folder).encrypt('app.yaml', `a: {b: [x, ${value.toString()}]}\n`, ['--age', age])
      return { sops: { file, key: 'a/b/1' } }
    })
  return [path('identity'), path('age.key')]
}

/** A secret of a real OpenBao, and the vaults of the configuration. */
async function vaultOf(t: Test, folder: string, add: Add): Promise<object> {
  const bao = await Bao.start({ folder })
  t.teardown(() => bao.stop())
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, bao.token)
  await add('vault', async (value) => {
    await bao.put('secret/app', { password: value.toString() })
    return { vault: { path: 'secret/app', field: 'password' } }
  })
  return { main: { address: bao.address, auth: { tokenFile } } }
}

/** systemd-creds says on standard error that no key protects it. */
async function encrypted(args: readonly string[], input: Uint8Array): Promise<Buffer> {
  const done = await run('systemd-creds', args, { input })
  if (done.status !== 0) throw new Error(done.stderr)
  return done.stdout
}
