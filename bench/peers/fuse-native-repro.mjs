// Shows what fuse-native doesn't offer to a filesystem of secrets (native-notes/fuse-native.md). After `npm run bench -- --quick`, as root:
//
//   LD_LIBRARY_PATH=.cache/bench/lib node bench/peers/fuse-native-repro.mjs
//
// Exit status 0 while each limit is as written there, 1 when one is gone.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import Fuse from 'fuse-native'

const run = promisify(execFile)
const require = createRequire(import.meta.url)
const addon = require('node-gyp-build')(dirname(require.resolve('fuse-native')))

/** Reads twice from the start of one descriptor, as user nobody, and prints its process id and both values. */
const reader = `
  const { openSync, readSync } = require('node:fs')
  const descriptor = openSync(process.argv[1])
  const read = () => {
    const bytes = Buffer.alloc(64)
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, 64, 0))
  }
  console.log(JSON.stringify({ pid: process.pid, values: [read(), read()] }))`

const NOBODY = 65534
let value = Buffer.from('first value')
const calls = []

/** Everything that JavaScript is given: the arguments but the callback, and `this`. */
function record(name, self, values) {
  const plain = values.filter((item) => typeof item !== 'function' && !Buffer.isBuffer(item))
  calls.push({ name, values: plain, self: Object.keys(self).filter((key) => !(key in operations)) })
}

const operations = {
  getattr(path, reply) {
    record('getattr', this, [...arguments])
    if (path === '/') reply(0, { mode: 0o40755, nlink: 2, size: 0, uid: 0, gid: 0 })
    else if (path === '/secret') reply(0, { mode: 0o100444, nlink: 1, size: value.length, uid: 0, gid: 0 })
    else reply(Fuse.ENOENT)
  },
  open(path, flags, reply) {
    record('open', this, [...arguments])
    reply(0, 1)
  },
  read(path, handle, buffer, length, offset, reply) {
    record('read', this, [...arguments])
    const count = value.subarray(offset, offset + length).copy(buffer)
    // From here on a read that reaches this function gets another value.
    value = Buffer.from('other value')
    reply(count)
  },
  release(path, handle, reply) {
    record('release', this, [...arguments])
    reply(0)
  },
}

async function observe() {
  const mountPoint = await mkdtemp(join(tmpdir(), 'fuse-native-'))
  const fuse = new Fuse(mountPoint, operations, { allowOther: true })
  const command = (method) =>
    new Promise((resolve, reject) => fuse[method]((e) => (e ? reject(e) : resolve())))
  await command('mount')
  try {
    const options = { uid: NOBODY, gid: NOBODY, timeout: 10_000, killSignal: 'SIGKILL' }
    const { stdout } = await run(process.execPath, ['-e', reader, join(mountPoint, 'secret')], options)
    return JSON.parse(stdout)
  } finally {
    await command('unmount')
    await rm(mountPoint, { recursive: true })
  }
}

const caller = await observe()
for (const { name, values } of calls)
  console.log(`${name}(${values.map((v) => JSON.stringify(v)).join(', ')})`)
console.log(`the caller: pid ${caller.pid}, uid ${NOBODY}; it read ${JSON.stringify(caller.values)}`)

const names = [...Object.keys(addon), ...Object.keys(Fuse), ...Object.getOwnPropertyNames(Fuse.prototype)]
const offers = (pattern) => names.some((name) => pattern.test(name))
const given = calls.flatMap(({ values, self }) => [...values, ...self])
const libraries = process.report.getReport().sharedObjects.filter((file) => file.includes('libfuse'))
const limits = {
  'no operation is told the process, user or group of the caller':
    !given.includes(caller.pid) && !given.includes(NOBODY) && !given.some((item) => /^[ugp]id$/.test(item)),
  'there is no function that tells it': !offers(/context|caller/i),
  'a second read of a descriptor is answered from the page cache':
    calls.filter(({ name }) => name === 'read').length === 1 && caller.values[0] === caller.values[1],
  'no function sends a notification to the kernel': !offers(/notify|invalidate/i),
  [`it runs on libfuse 2 (${libraries.join(', ')})`]: libraries.some((file) => file.endsWith('libfuse.so.2')),
}
for (const [limit, holds] of Object.entries(limits)) console.log(`${holds ? 'holds' : 'GONE '}  ${limit}`)
process.exit(Object.values(limits).every(Boolean) ? 0 : 1)
