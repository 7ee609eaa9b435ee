/** After a thousand reads, a reload and the last close no plaintext is left: not in any process of hushfs, on no disk, in no log. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../support/client.ts'
import { copiesInMemory, descendants } from '../support/memory.ts'
import { mounted, workFolder } from '../support/mount.ts'
import { run } from '../support/process.ts'
import { sealedSecrets, writeIdentity } from '../support/sealed.ts'

t.setTimeout(90_000)

const READS = 1000
/** More than two chunks in memory. */
const LENGTH = 40_000
const NEEDLE = 24

/** Printable, because a copy in a JavaScript string would be too. */
const newSentinel = () => Buffer.from(randomBytes(LENGTH).toString('base64').slice(0, LENGTH))

/** Pieces of a value from its start, middle and end, as bytes and as a two-byte string has them. */
const needlesOf = (value: Buffer) =>
  [0, 16_384, LENGTH / 2, LENGTH - NEEDLE].flatMap((at) => {
    const piece = value.subarray(at, at + NEEDLE)
    return [piece, Buffer.from(piece.toString('latin1'), 'utf16le')]
  })

const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0)

t.test('a copy in the memory of a process is found', async (t) => {
  const sentinel = newSentinel()
  const script = 'process.stdin.once("data", (d) => { globalThis.kept = d; console.log("kept") })'
  const holder = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(holder, 'exit')
  holder.stdin.write(sentinel.subarray(0, NEEDLE))
  await once(holder.stdout, 'data')
  t.ok((copiesInMemory(holder.pid ?? 0, needlesOf(sentinel))[0] ?? 0) > 0)
  holder.kill('SIGKILL')
  await ended
})

t.test('no copy is left of a sealed secret', async (t) => {
  const folder = workFolder(t)
  const recipient = writeIdentity(join(folder, 'identity'))
  const temporary = join(folder, 'tmp')
  mkdirSync(temporary)
  const [first, second] = [newSentinel(), newSentinel()]
  const seal = (value: Buffer) => sealedSecrets(join(folder, 'store'), recipient, new Map([['token', value]]))
  const config = { identities: [join(folder, 'identity')], secrets: await seal(first) }
  const server = await mounted(t, config, { folder, env: { TMPDIR: temporary } })
  const client = new Client(t)
  const path = server.path('token')

  const kept = await client.call('open', path)
  for (let read = 0; read < READS; read += 10) {
    for (let whole = 0; whole < 5; whole++) t.ok(first.equals(await client.read(path)))
    const at = (read * 37) % LENGTH
    const part = Buffer.from(await client.call('pread', kept, 1 + read * 7, at))
    t.ok(part.equals(first.subarray(at, at + 1 + read * 7)))
    t.ok(first.equals(await client.send(path)))
    t.ok(first.equals(await client.map(path)))
    t.ok(first.equals(await client.call('content', kept)))
    t.ok(first.equals(await server.cat('token')))
  }

  const pids = () => [server.pid, ...descendants(server.pid)]
  for (const pid of pids()) {
    t.equal(sum(copiesInMemory(pid, needlesOf(first))), 0, 'in memory while it is served and open')
  }
  const [seen = 0] = copiesInMemory(server.pid, [Buffer.from(server.configFile)])
  t.ok(seen > 0, 'the scan sees the memory of the server')

  await seal(second)
  await server.reloaded()
  t.ok(second.equals(await client.read(path)))
  t.ok(second.equals(await client.send(path)))
  t.ok(first.equals(await client.call('content', kept)))
  await client.call('close', kept)

  const needles = [...needlesOf(first), ...needlesOf(second)]
  for (const pid of pids()) t.equal(sum(copiesInMemory(pid, needles)), 0, 'in memory after the last close')

  const pieces = needles.map((needle) => needle.toString('latin1')).filter((piece) => !piece.includes('\0'))
  for (const piece of pieces) t.notOk(server.log.includes(piece), 'in the log')
  t.strictSame(readdirSync(temporary), [], 'temporary files')
  const patterns = pieces.flatMap((piece) => ['-e', piece])
  const grep = (...args: string[]) => run('grep', ['-rlsF', '--exclude-dir=mnt', ...args])
  t.equal((await grep(...patterns, folder, '/var/log', '/run')).stdout.toString(), '', 'on disk')
  t.match((await grep('hushfs-sealed', folder)).stdout.toString(), 'token.sealed', 'grep does find')
})
