// Makes V8's code cache of each bundle of the built program: node make-code-cache.mjs FOLDER. A cache holds the functions that have run, so each bundle does some of its work.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

const [, own, folder, only, ...args] = process.argv

if (!isMainThread) runAndKeep(workerData.folder, workerData.name)
else if (only === undefined) await makeAll()
else {
  process.argv = [process.execPath, join(folder, `${only}.js`), ...args]
  runAndKeep(folder, only)
}

/** Run a bundle as the program does, and write the cache when it ends. */
function runAndKeep(from, name) {
  const { compile, start } = createRequire(join(from, 'package.json'))('./load-bundle.js')
  const script = compile(name)
  process.on('exit', () => writeFileSync(join(from, `${name}.cache`), script.createCachedData()))
  start(script, name)
}

async function makeAll() {
  const scratch = mkdtempSync(join(tmpdir(), 'hushfs-build-'))
  try {
    await run('hushfs', ['init', scratch])
    await run('hushfs', ['set', 'warm', '--config', join(scratch, 'hushfs.yaml')], { input: 'value' })
    await run('unseal', [], { input: await jobIn(scratch), keys: Buffer.alloc(64) })
    await run('fetch', [])
    const worker = new Worker(own, { workerData: { folder, name: 'fuse-worker' } })
    worker.postMessage({ kind: 'stop', id: 0 })
    await once(worker, 'exit')
    // Last, by the caches of the others, which it starts; the mount point isn't there.
    const config = join(scratch, 'hushfs.json')
    writeFileSync(config, JSON.stringify({ secrets: { warm: { source: { text: 'value' }, mode: '0440' } } }))
    await run('hushfs', ['mount', '--config', config, join(scratch, 'missing')], { status: 1 })
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** A job of the unseal child: the sealed file of the store, and one of age. */
async function jobIn(scratch) {
  const { Encrypter, generateX25519Identity, identityToRecipient } = await import('age-encryption')
  const identity = await generateX25519Identity()
  const encrypter = new Encrypter()
  encrypter.addRecipient(await identityToRecipient(identity))
  writeFileSync(join(scratch, 'age-identity'), `${identity}\n`)
  writeFileSync(join(scratch, 'warm.age'), await encrypter.encrypt('value'))
  const encodeJob = await encoder(scratch)
  return encodeJob({
    identities: [join(scratch, 'identity'), join(scratch, 'age-identity')],
    secrets: [
      { name: 'warm', source: { kind: 'sealed', file: join(scratch, 'store/warm.sealed') } },
      { name: 'other', source: { kind: 'age', file: join(scratch, 'warm.age') } },
    ],
    oneByOne: false,
  })
}

/** The server's own. */
async function encoder(scratch) {
  const { build } = await import('esbuild')
  const outfile = join(scratch, 'packed-job.mjs')
  const source = join(import.meta.dirname, 'src/daemon/packed-job.ts')
  await build({ entryPoints: [source], outfile, bundle: true, format: 'esm', platform: 'node' })
  return (await import(outfile)).encodeJob
}

async function run(name, words, { input = '', keys, status = 0 } = {}) {
  const child = spawn(process.execPath, [own, folder, name, ...words], {
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    env: {},
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text))
  child.stdio[3].end(keys)
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  if (code !== status) throw new Error(`${name} ${words.join(' ')}: exit status ${code}: ${said}`)
}
