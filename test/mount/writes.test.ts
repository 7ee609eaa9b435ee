/** What a load and its readers make the processes of hushfs write, as strace(1) sees it: plaintext goes into pipes of commands and to /dev/fuse, and nowhere else. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { mountAt } from '../../src/sys/mountinfo.ts'
import { everySource } from '../support/every-source.ts'
import { workFolder, writeConfig } from '../support/mount.ts'
import { dist, hushfs, output, unhooked } from '../support/process.ts'
import { until } from '../support/until.ts'

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
  // An io_uring is no file; that of an event loop is for epoll_ctl(2), unless UV_USE_IO_URING is set (libuv, src/unix/linux.c).
  const shared = lines.filter((line) => /mmap\(.*PROT_WRITE.*MAP_SHARED/.test(line))
  t.ok(lines.some((line) => /mmap\(.*MAP_PRIVATE/.test(line)))
  t.strictSame(
    shared.filter((line) => /MAP_SHARED[A-Z_|]*, \d+<\/(?!memfd:)/.test(line)),
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
  const { values, config: sources } = await everySource(t, folder, sentinel)
  const names = [...values.keys()]
  const of = (name: string) => Buffer.from(values.get(name) ?? '')
  const content = names.map((name) => `\${hushfs:${name}}`).join('|')
  const config = { ...sources, templates: { all: { content } } }
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
