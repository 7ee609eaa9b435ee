import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readOnce } from './client.ts'
import type { Cleanup } from './cleanup.ts'
import type { Subject } from './subjects.ts'

/** A subject that serves, and the file to read. */
export interface Served {
  readonly subject: Subject
  readonly file: string
  /** Where it is mounted. */
  readonly mountPoint: string
}

/** A folder of the bench's own, removed by `cleanup`. */
export function workFolder(cleanup: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), 'hushfs-bench-'))
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Every subject serves `value`, all at the same time. `cgroup`: where the reader is that tries it. Throws when one serves something else. */
export async function serveAll(
  present: readonly Subject[],
  value: Uint8Array,
  processor: number | undefined,
  cleanup: Cleanup,
  cgroup?: string,
): Promise<Served[]> {
  const folder = workFolder(cleanup)
  const served: Served[] = []
  for (const subject of present) {
    const mountPoint = join(folder, subject.id)
    mkdirSync(mountPoint)
    const file = await subject.serve(mountPoint, value, processor, cleanup)
    const read = await readOnce(file, cleanup, cgroup)
    if (Buffer.compare(read, value) !== 0) throw new Error(`${subject.title} serves another value`)
    served.push({ subject, file, mountPoint })
  }
  return served
}
