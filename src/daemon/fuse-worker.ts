import { writeSync } from 'node:fs'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { parentPort, receiveMessageOnPort, type MessagePort } from 'node:worker_threads'
import { reasonOf } from '../base/errors.ts'
import { loadSodium, type Region, type Sodium } from '../crypto/sodium.ts'
import { LineRing } from '../audit/ring.ts'
import { Channel } from '../fuse/channel.ts'
import { Frame } from '../fuse/frame.ts'
import { Outbox, SLOT_BYTES, SLOTS } from '../fuse/outbox.ts'
import { Polling } from '../fuse/polling.ts'
import { Session } from '../fuse/session.ts'
import { OUT_HEADER_BYTES } from '../fuse/wire/encode.ts'
import { MAX_SECRET_BYTES } from '../sources/source.ts'
import { mapSharedMemory } from '../sys/shared-memory.ts'
import { MemoryVault } from '../vault/memory-vault.ts'
import { errnoFor } from '../vfs/errno-for.ts'
import { Allowances } from '../vfs/allowances.ts'
import { Gate } from '../vfs/gate.ts'
import { SecretFs } from '../vfs/secret-fs.ts'
import { AuditSender } from './audit-sender.ts'
import { CallerIdentifier } from '../caller/identify.ts'
import { appendAllowance } from './allowance-file.ts'
import { collectGarbage } from './collect-garbage.ts'
import { CONNECTION_BYTES, ConnectionMemory } from './connection-memory.ts'
import { metricsText } from './metrics.ts'
import type { Counted, FromWorker, Order, Status, ToWorker, WorkerStart } from './worker-protocol.ts'

/**
 * The FUSE thread: composes channel, session, filesystem and vault, and runs the loop until the mount is gone. It never returns to its event
 * loop; what the main thread says is fetched after a wake-up.
 */
const port = mainThread()
const say = (message: FromWorker) => {
  port.postMessage(message)
}

function mainThread(): MessagePort {
  if (parentPort === null) throw new Error('fuse-worker runs as a worker thread')
  return parentPort
}

async function run(): Promise<void> {
  const sodium = await loadSodium()
  const { start } = await next('start')
  const connection = new ConnectionMemory(mapSharedMemory(start.memory, CONNECTION_BYTES))
  const reply = sodium.allocate(OUT_HEADER_BYTES + MAX_SECRET_BYTES)
  const vault = vaultWith(sodium, start.memoryKey, reply)
  const nudge = () => {
    say({ kind: 'audit' })
  }
  const audit = new AuditSender(new LineRing(start.audit), nudge, connection.audit)
  const gate = gateOf(start, connection.id, audit)
  const first = await next('replace')
  let { facts } = first
  const polling = new Polling(isAlone ? 0 : start.polling)
  const counted = (): Counted => ({
    ...fs.counters,
    refused: gate.refused,
    auditDropped: audit.dropped,
    polledMilliseconds: Math.round(polling.spent / 1000),
  })
  const status = (): Status => ({ ...facts, counters: counted() })
  const virtual = new Map([
    ['.hushfs/status.json', () => Buffer.from(`${JSON.stringify(status(), undefined, 2)}\n`)],
    ['.hushfs/metrics', () => Buffer.from(metricsText(status()))],
    ['.hushfs/audit.jsonl', () => Buffer.from(audit.trail.text())],
  ])
  const fs: SecretFs = new SecretFs(first.table, { vault, gate, virtual, ...tellings })
  say({ kind: 'done', id: first.id, counters: counted() })
  const { journal } = connection
  const session: Session = new Session({
    channel: channelOf(start, journal.request, polling, sodium),
    journal,
    frame: new Frame(() => reply.bytes()),
    handler: fs,
    wishes: start.wishes,
    onInit: () => {
      say({ kind: 'initialized' })
    },
    patience: () => audit.patience(),
    onIdle: () => {
      audit.flush()
    },
    onWake: () =>
      hear((order) => {
        if ('facts' in order) facts = order.facts
        obey(order, fs, session)
        say({ kind: 'done', id: order.id, counters: counted() })
        return order.kind !== 'stop'
      }),
    onError: (op, error) => {
      say({ kind: 'unexpected', op, reason: reasonOf(error) })
      return errnoFor(error)
    },
    trace: start.trace ? { line: (text) => void writeSync(2, `${text}\n`) } : undefined,
  })
  session.run()
  audit.flush()
  say({ kind: 'ended' })
}

/** With one processor no request can come while this thread polls for it, and a reply that is sent is read before the next request is looked for. */
const isAlone = availableParallelism() === 1

function channelOf(
  { device, wake }: WorkerStart,
  request: Uint8Array,
  polling: Polling,
  sodium: Sodium,
): Channel {
  const slots = Array.from({ length: isAlone ? 0 : SLOTS }, () => sodium.allocate(SLOT_BYTES))
  return new Channel(device, wake, request, polling, new Outbox(slots))
}

/** What the main thread must do for a reader, or behind one. */
const tellings = {
  onUncached: (node: number) => {
    say({ kind: 'uncached', node })
  },
  onAwaited: (name: string) => {
    say({ kind: 'awaited', name })
  },
}

function gateOf(start: WorkerStart, connection: string, audit: AuditSender): Gate {
  const { hierarchy, allowances } = start
  const callers = new CallerIdentifier({ hierarchy })
  const log = {
    append: (line: string) => {
      appendAllowance(allowances, line)
    },
  }
  const clocks = { wall: Date.now, monotonic: () => performance.now() }
  return new Gate({ callers, audit, connection, allowances: new Allowances(allowances.used, log, clocks) })
}

/** Wipes `key` with the buffer that it is a view of: cloning a view has brought all of it, the version key too. */
function vaultWith(sodium: Sodium, key: Uint8Array, reply: Region): MemoryVault {
  const vault = new MemoryVault(sodium, key, reply, OUT_HEADER_BYTES)
  new Uint8Array(key.buffer).fill(0)
  return vault
}

/** The thread starts before there is anything to serve. It ends when it is told something else. */
async function next<Kind extends ToWorker['kind']>(kind: Kind): Promise<Extract<ToWorker, { kind: Kind }>> {
  const [message] = (await once(port, 'message')) as [ToWorker]
  if (message.kind !== kind) process.exit()
  return message as Extract<ToWorker, { kind: Kind }>
}

function obey(order: Order, fs: SecretFs, session: Session): void {
  if (order.kind === 'replace') fs.replace(order.table)
  if (order.kind === 'settle') fs.settle(order.values)
  if (order.kind === 'replace' || order.kind === 'settle') session.retryParked()
  if (order.kind === 'replace' || order.kind === 'tidy') collectGarbage()
}

/** Every order that waits; false as soon as one of them ends the loop. */
function hear(act: (order: Order) => boolean): boolean {
  for (;;) {
    const received = receiveMessageOnPort(port) as { message: Order } | undefined
    if (received === undefined) return true
    if (!act(received.message)) return false
  }
}

run().catch((error: unknown) => {
  say({ kind: 'fatal', reason: reasonOf(error) })
})
