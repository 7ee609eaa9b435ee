import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { MountError } from '../base/errors.ts'
import { placeCgroup } from '../caller/cgroup.ts'
import { findHierarchy, pathInHierarchy } from '../caller/hierarchy.ts'

/** The systemd unit that this process belongs to. Throws `MountError` for one in none. */
export function ownUnit(): string {
  const hierarchy = findHierarchy()
  const path =
    'unknown' in hierarchy
      ? undefined
      : pathInHierarchy(readFileSync('/proc/self/cgroup', 'utf8'), hierarchy.layout)
  const placement = path === undefined ? undefined : placeCgroup(path)
  if (placement !== undefined && 'unit' in placement) return placement.unit
  throw new MountError('this is a step of a systemd service, and runs in none', { hint: 'hushfs mount' })
}

/** How many descriptors systemd keeps for a unit. Throws `MountError`. */
export function storedDescriptors(unit: string): number {
  return Number(systemctl(['show', '--property=NFileDescriptorStore', '--value', unit]).trim())
}

/** The job that systemd has for a unit: `start`, `stop`, `restart`, ...; undefined: none. Throws `MountError`. */
export function jobOf(unit: string): string | undefined {
  const lines = systemctl(['list-jobs', '--no-legend', '--plain', '--full']).split('\n')
  const fields = lines.map((line) => line.trim().split(/\s+/)).find(([, name]) => name === unit)
  return fields?.[2]
}

function systemctl(args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync('systemctl', ['--no-pager', ...args], {
    encoding: 'utf8',
  })
  if (status === 0) return stdout
  throw new MountError(`systemctl ${args[0] ?? ''}: ${error?.message ?? stderr.trim()}`)
}
