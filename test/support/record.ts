import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { errno } from '../../src/base/errno.ts'
import { Channel } from '../../src/fuse/channel.ts'
import { Frame } from '../../src/fuse/frame.ts'
import { Journal } from '../../src/fuse/journal.ts'
import { Outbox } from '../../src/fuse/outbox.ts'
import { Polling } from '../../src/fuse/polling.ts'
import { Session } from '../../src/fuse/session.ts'
import { invalidateEntry } from '../../src/fuse/wire/encode.ts'
import { fuse_in_header, FUSE_READ_LOCKOWNER } from '../../src/fuse/wire/kernel.ts'
import { rowOf } from '../../src/fuse/wire/ops.ts'
import { createEventFd, detach, mount, Poller, write } from '../../src/sys/libc.ts'
import { annotate } from './golden.ts'
import { ids, tree } from './record-tree.ts'

/**
 * `npm run record`, as root: mounts a tree, has record-client.py use it, and writes the first request of each kind, as the kernel sent it, to
 * test/wire/golden. The mount is writable and without default_permissions, so that the kernel asks about what it otherwise refuses itself.
 */
const golden = join(import.meta.dirname, '../wire/golden')
const kernelVersion = /^\d+\.\d+/.exec(release())?.[0] ?? release()

class RecordingChannel extends Channel {
  override next(patience: number): number {
    const length = super.next(patience)
    if (length > 0) keep(journal.request.slice(0, length))
    return length
  }
}

const recorded = new Set<string>()

/** The first of each kind; reads come in two. */
function keep(request: Uint8Array): void {
  const view = new DataView(request.buffer)
  const { name } = rowOf(view.getUint32(4, true))
  const cached =
    name === 'read' && (view.getUint32(fuse_in_header.size + 20, true) & FUSE_READ_LOCKOWNER) === 0
  const kind = cached ? 'read-page-cache' : name.replace(' ', '-')
  if (recorded.has(kind)) return
  recorded.add(kind)
  writeFileSync(join(golden, `${kind}.hex`), annotate(request, `${kind}, as Linux ${kernelVersion} sent it`))
}

const device = openSync('/dev/fuse', 'r+')
const wake = createEventFd()
const journal = new Journal(new Uint8Array(Journal.BYTES))
const channel = new RecordingChannel(device, wake, journal.request, new Polling(0), new Outbox([]))
const memory = new Uint8Array(1 << 20)

/**
 * Make the kernel drop these names of the root, and with them the nodes; it says so at once, while the client waits for its answer. A statfs
 * in flight holds no lock that these notifications take.
 */
function forget(names: readonly string[]): void {
  for (const name of names) {
    const message = invalidateEntry(1, name)
    write(device, message, message.length)
  }
  if (names.length > 0) channel.next(-1)
}

/** By the three statfs of the client: nothing, FORGET of one node, BATCH_FORGET of three. */
const forgotten = [[], ['link'], ['a', 'b', 'c']]

const session = new Session({
  channel,
  journal,
  wishes: { requestTimeout: 0, without: [] },
  frame: new Frame(() => memory),
  handler: {
    ...tree,
    statfs: (request) => {
      forget(forgotten.shift() ?? [])
      return tree.statfs(request)
    },
    read: (request, frame) => {
      if (request.header.nodeid === ids.interrupt) {
        process.kill(request.header.pid, 'SIGUSR2')
        new Poller(device, wake).wait(-1)
        channel.next(-1)
      }
      return tree.read(request, frame)
    },
  },
  onWake: () => true,
  patience: () => -1,
  onIdle: () => undefined,
  onInit: () => undefined,
  onError: (op, error) => {
    process.stderr.write(`${op}: ${String(error)}\n`)
    return errno.EIO
  },
  trace: undefined,
})

const place = mkdtempSync(join(tmpdir(), 'hushfs-record-'))
rmSync(golden, { recursive: true, force: true })
mkdirSync(golden, { recursive: true })
mount('hushfs-record', place, 'fuse', 0, `fd=${device},rootmode=40711,user_id=0,group_id=0,allow_other`)
try {
  const client = join(import.meta.dirname, 'record-client.py')
  const script = 'python3 "$0" "$1"; status=$?; umount --lazy "$1"; exit $status'
  spawn('sh', ['-c', script, client, place], { stdio: 'inherit' }).once('exit', (status) => {
    process.stdout.write(
      `${readdirSync(golden).length} kinds of requests recorded, client's exit status ${status}\n`,
    )
    process.exitCode = status ?? 1
  })
  // Until the client has unmounted it.
  session.run()
} catch (error) {
  detach(place)
  throw error
} finally {
  rmdirSync(place)
}
