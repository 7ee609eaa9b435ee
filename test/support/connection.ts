import { existsSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mountAt } from '../../src/sys/mountinfo.ts'
import { output } from './process.ts'

/** FUSE's control filesystem for as long as `use` runs, at a place of our own: the host may not have mounted it. */
async function withConnections<T>(use: (folder: string) => T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'hushfs-test-fusectl-'))
  await output('mount', ['-t', 'fusectl', 'fusectl', folder])
  try {
    return use(folder)
  } finally {
    await output('umount', [folder])
    rmdirSync(folder)
  }
}

/** The name of a mount's connection: the minor number of its device. */
function connectionOf(place: string): string {
  const entry = mountAt(place)
  if (entry === undefined) throw new Error(`nothing is mounted at ${place}`)
  return entry.device.split(':')[1] ?? ''
}

/** Free everyone who waits for the server of this mount: they get ECONNABORTED. */
export async function abortConnection(place: string): Promise<void> {
  const name = connectionOf(place)
  await withConnections((folder) => {
    const file = join(folder, name, 'abort')
    if (existsSync(file)) writeFileSync(file, '1')
  })
}

/** How many requests of this mount the kernel waits for. */
export function waitingRequests(place: string): Promise<number> {
  const name = connectionOf(place)
  return withConnections((folder) => Number(readFileSync(join(folder, name, 'waiting'), 'utf8')))
}
