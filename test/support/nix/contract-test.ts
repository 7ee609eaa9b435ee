import type { Test } from 'tap'
import type { System } from '../systemd/system.ts'

/** What the generic test of the contract asks for. */
export interface Wanted {
  readonly owner: string
  readonly group: string
  readonly mode: string
  readonly content: string
}

/**
 * The assertions of the contract's generic test (`behaviorTest`, the same in every published version), in its order: as root, outside of any
 * consumer's unit.
 */
export async function behavesAsContracted(
  t: Test,
  system: System,
  path: string,
  { owner, group, mode, content }: Wanted,
): Promise<void> {
  const stat = async (format: string) => (await system.output(['stat', '-c', format, path])).trim()
  t.equal(await stat('%U'), owner, `${path}: owner`)
  t.equal(await stat('%G'), group, `${path}: group`)
  t.equal(Number(await stat('%a')), Number(mode), `${path}: mode`)
  t.equal((await system.output(['cat', path])).trim(), content, `${path}: content`)
}
