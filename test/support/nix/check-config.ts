import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { hushfs } from '../process.ts'

/** hushfs' own parser accepts this document as a configuration file. */
export async function acceptedByHushfs(t: Test, name: string, document: unknown): Promise<void> {
  const file = join(t.testdir({}), 'hushfs.yaml')
  writeFileSync(file, JSON.stringify(document))
  const done = await hushfs(['check', '--config-only', '--config', file])
  t.equal(done.status, 0, `${name}: ${done.stderr}`)
}
