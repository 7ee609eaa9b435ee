import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { AuditRecord } from '../audit/record.ts'
import { isNodeError, MountError, reasonOf } from '../base/errors.ts'
import { mountAt } from '../sys/mountinfo.ts'
import { answers, canonical, MOUNT_TYPE } from './mount-point.ts'
import type { Status } from './worker-protocol.ts'

/** A running server, reached through its mount: root only. */
export interface Running {
  readonly place: string
  readonly pid: number
  status(): Promise<Status>
  /** The records that it keeps, by `seq`. */
  audit(): Promise<AuditRecord[]>
}

/** The server that serves `path`. Throws `MountError` when there is none or it doesn't answer. */
export async function findServer(path: string): Promise<Running> {
  const place = canonical(path)
  if (mountAt(place)?.type !== MOUNT_TYPE) {
    throw new MountError(`${place}: no hushfs is mounted there`, { hint: 'hushfs mount' })
  }
  if (!(await answers(place))) {
    throw new MountError(`${place}: its server doesn't answer`, { hint: `hushfs unmount ${place}` })
  }
  const status = () => readStatus(place)
  const { pid } = await status()
  return { place, pid, status, audit: () => readAudit(place) }
}

async function readStatus(place: string): Promise<Status> {
  return JSON.parse(await readVirtual(place, 'status.json')) as Status
}

async function readAudit(place: string): Promise<AuditRecord[]> {
  const lines = (await readVirtual(place, 'audit.jsonl')).split('\n').filter((line) => line !== '')
  // A folded record has a new number and the place of its first refusal.
  return lines.map((line) => JSON.parse(line) as AuditRecord).sort((a, b) => a.seq - b.seq)
}

async function readVirtual(place: string, name: string): Promise<string> {
  try {
    return await readFile(join(place, '.hushfs', name), 'utf8')
  } catch (error) {
    throw new MountError(`${place}: its ${name} can't be read: ${reasonOf(error)}`, { hint: 'only root may' })
  }
}

const POLL_MILLISECONDS = 10

/** Let the server reload and wait for its outcome. */
export async function requestReload(server: Running): Promise<Status> {
  const before = await server.status()
  signal(server.pid, 'SIGHUP')
  for (;;) {
    const after = await server.status()
    if (after.pid !== before.pid || after.reloads.count > before.reloads.count) return after
    await setTimeout(POLL_MILLISECONDS)
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    const denied = isNodeError(error) && error.code === 'EPERM'
    throw new MountError(`server ${pid} can't be told`, {
      hint: denied ? 'only root may' : 'is it still running?',
    })
  }
}
