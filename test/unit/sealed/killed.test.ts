import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { build } from 'esbuild'
import t from 'tap'
import { parseSealed } from '../../../src/sealed/format.ts'
import { readRecipients } from '../../../src/sealed/recipients.ts'
import { openSealed, sealSecret } from '../../../src/sealed/seal.ts'
import { listStore, storeFile, withStore, writeSealedFile } from '../../../src/sealed/store.ts'
import { keyPair } from '../../support/keys.ts'
import { valueOf } from '../../support/store-driver.ts'

t.setTimeout(300_000)

const KILLS = 200
/** Moments are spread over this; an operation takes a few milliseconds. */
const LATEST_KILL_MS = 25

const alice = await keyPair(1)
const bob = await keyPair(2)
const root = import.meta.dirname
const driver = join(t.testdir(), 'store-driver.mjs')
await build({
  entryPoints: [join(root, '../../support/store-driver.ts')],
  outfile: driver,
  bundle: true,
  platform: 'node',
  format: 'esm',
  external: ['koffi', 'libsodium-wrappers'],
})

/** A warm child, and all that it has acknowledged. */
async function warm(mode: string, store: string): Promise<{ child: ChildProcess; done: number[] }> {
  const child = spawn(process.execPath, [driver, mode, store], { stdio: ['pipe', 'pipe', 'inherit'] })
  const done: number[] = []
  const lines = createInterface({ input: child.stdout })
  await once(lines, 'line')
  lines.on('line', (line) => done.push(Number(line)))
  return { child, done }
}

/** KILLS runs of `mode`, each killed at a random moment; the next child warms up meanwhile. */
async function killing(
  mode: string,
  store: string,
  check: (lastDone: number | undefined) => Promise<number>,
) {
  let next = warm(mode, store)
  let from = 1
  for (let kill = 0; kill < KILLS; kill++) {
    const { child, done } = await next
    if (kill + 1 < KILLS) next = warm(mode, store)
    const closed = once(child, 'close')
    child.stdin?.write(`${from}\n`)
    await setTimeout(Math.random() * LATEST_KILL_MS)
    child.kill('SIGKILL')
    await closed
    from = await check(done.at(-1))
  }
}

function leftovers(store: string): string[] {
  const names = readdirSync(store, { recursive: true }).map(String)
  return names.filter((name) => name.endsWith('.tmp') || name === '.rekey')
}

t.test(
  `set killed ${KILLS} times: the old value or the new one, never less`,
  { timeout: 120_000 },
  async (t) => {
    const store = t.testdir()
    const file = storeFile(store, 'db/password')
    const torn: string[] = []
    let least = 0
    let interrupted = 0
    await killing('set', store, async (lastDone) => {
      least = lastDone ?? least
      if (leftovers(store).length > 0) interrupted++
      if (least > 0 || existsSync(file)) {
        const value = Buffer.from(await openSealed(readFileSync(file), 'db/password', [alice.identity]))
        const n = Number(/^value (\d+)\n/.exec(value.toString())?.[1])
        if (!value.equals(valueOf(n))) torn.push(`torn: ${value.subarray(0, 20).toString()}`)
        if (n < least) torn.push(`lost: ${n} is there, ${least} was acknowledged`)
        least = n
      }
      if (Math.random() < 0.5) await withStore({ folder: store }, () => t.same(leftovers(store), []))
      return least + 1
    })
    t.same(torn, [])
    t.ok(least > KILLS / 10, `${least} values were set`)
    t.ok(interrupted > 0, `${interrupted} of the kills left a temporary file`)
  },
)

/** Names a rekey's faults: every file must open, hold its value, and be for alice or for alice and bob. */
async function setsNow(store: string, wrong: string[]): Promise<Set<string>> {
  const sets = new Set<string>()
  for (const { name, file } of listStore(store)) {
    const bytes = readFileSync(file)
    const value = Buffer.from(await openSealed(bytes, name, [alice.identity])).toString()
    if (value !== `value of ${name}`) wrong.push(`${name} holds ${value}`)
    sets.add(
      parseSealed(bytes)
        .recipients.map(({ text }) => text)
        .join(),
    )
  }
  const both = [alice.recipient.text, bob.recipient.text].sort().join()
  for (const set of sets) if (set !== both && set !== alice.recipient.text) wrong.push(`recipients ${set}`)
  return sets
}

interface Seen {
  committed: number
  staged: number
  mixed: number
}

/** What the kill left, before and after the next locked operation. */
async function afterKill(store: string, wrong: string[], seen: Seen): Promise<void> {
  const left = leftovers(store)
  if (left.includes('.rekey')) seen.committed++
  else if (left.length > 0) seen.staged++
  if ((await setsNow(store, wrong)).size > 1) seen.mixed++
  await withStore({ folder: store }, () => undefined)
  const after = [...(await setsNow(store, wrong))].join(' | ')
  const { recipients } = await readRecipients(store, [alice.identity])
  const listed = recipients.map(({ text }) => text)
  if (after !== listed.sort().join()) wrong.push(`${after} in the end`)
  if (
    listStore(store)
      .map(({ name }) => name)
      .join() !== names.join()
  )
    wrong.push('a file is missing')
  if (leftovers(store).length > 0) wrong.push(`left over: ${leftovers(store).join()}`)
}

const names = ['a', 'b/one', 'b/two', 'c/d/e', 'f']

async function fill(store: string): Promise<void> {
  await withStore({ folder: store }, async (locked) => {
    for (const name of names) {
      const bytes = await sealSecret(name, Buffer.from(`value of ${name}`), [alice.recipient])
      writeSealedFile(locked, storeFile(store, name), bytes)
    }
  })
}

t.test(`rekey killed ${KILLS} times: all old or all new after the next operation`, async (t) => {
  const store = t.testdir()
  await fill(store)
  const wrong: string[] = []
  const seen = { committed: 0, staged: 0, mixed: 0 }
  await killing('rekey', store, async () => {
    await afterKill(store, wrong, seen)
    return 1
  })
  t.same(wrong, [])
  t.ok(seen.staged > 0, `${seen.staged} of the kills came before the commitment, ${seen.committed} after it`)
})

/** One operation in a process that dies before its `call`-th change of a file; true when there were fewer. */
async function runUntil(mode: string, store: string, call: number): Promise<boolean> {
  const child = spawn(process.execPath, [driver, mode, store, String(call)], { stdio: 'inherit' })
  const [status] = (await once(child, 'close')) as [number | null]
  return status === 0
}

t.test('rekey killed before each system call that changes a file', async (t) => {
  const store = t.testdir()
  await fill(store)
  const wrong: string[] = []
  const seen = { committed: 0, staged: 0, mixed: 0 }
  let call = 1
  while (!(await runUntil('rekey', store, call))) {
    await afterKill(store, wrong, seen)
    call++
  }
  t.same(wrong, [])
  t.ok(seen.staged >= 2 * names.length, `${seen.staged} kills before the commitment`)
  t.ok(seen.committed >= names.length, `${seen.committed} kills after it`)
  t.ok(seen.mixed >= names.length - 1, `${seen.mixed} with files of both sets`)
  t.equal(
    seen.staged + seen.committed,
    call - 2,
    'only before the sync of the last call there is nothing to do',
  )
})

t.test('set killed before each system call that changes a file', async (t) => {
  const store = t.testdir()
  const file = storeFile(store, 'db/password')
  let call = 1
  while (!(await runUntil('set', store, call))) {
    if (existsSync(file)) {
      const value = await openSealed(readFileSync(file), 'db/password', [alice.identity])
      t.ok(valueOf(1).equals(value), `before call ${call} the value is whole`)
    }
    await withStore({ folder: store }, () => t.same(leftovers(store), []))
    call++
  }
  t.ok(existsSync(file))
  t.ok(call > 4, `${call - 1} calls`)
})
