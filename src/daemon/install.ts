import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { StoreError, UsageError } from '../base/errors.ts'
import type { Config } from '../config/config.ts'
import { loadAccounts } from '../sys/accounts.ts'
import { unitFile, UNITS, type UnitChoices } from './unit-files.ts'

/** Reads the sealed files, and nothing else; the server is in it. */
export const GROUP = 'hushfs'
export const UNIT_FOLDER = '/etc/systemd/system'
/** What ProtectHome= and PrivateTmp= of the unit hide. */
const HIDDEN = /^\/(root|home|run\/user|tmp|var\/tmp)\//

/** How the service calls hushfs: this Node and this program. Throws `UsageError` for one that the service can't see. */
export function programPath(): string[] {
  const program = [process.execPath, process.argv[1] ?? ''].map((path) => realpathSync(path))
  const hidden = program.find((path) => HIDDEN.test(path))
  if (hidden === undefined) return program
  throw new UsageError(`${hidden}: the service doesn't see home and temporary folders`, {
    hint: hidden === program[0] ? 'install Node for the whole system' : 'npm install --global "$(npm pack)"',
  })
}

/** Throws `StoreError` where there is no systemd. */
export function systemdVersion(): number {
  const version = Number(/^systemd (\d+)/.exec(run('systemctl', ['--version']))?.[1])
  if (Number.isNaN(version)) throw new StoreError('systemctl --version says no version of systemd')
  return version
}

/** Write the unit files and have systemd read them; returns their paths. Throws `StoreError` or the error of Node. */
export function installUnits(choices: Omit<UnitChoices, 'nsenter'>, folder = UNIT_FOLDER): string[] {
  const filled = { ...choices, nsenter: nsenterPath() }
  const files = UNITS.map((name) => {
    const file = join(folder, name)
    writeFileSync(file, unitFile(name, filled), { mode: 0o644 })
    return file
  })
  run('systemctl', ['daemon-reload'])
  return files
}

/** Stop the service and take its unit files away; returns what was there. */
export function uninstallUnits(folder = UNIT_FOLDER): string[] {
  const files = UNITS.filter((name) => existsSync(join(folder, name)))
  if (files.length === 0) return []
  run('systemctl', ['disable', '--now', ...files.filter((name) => name !== 'hushfs-changes.service')])
  for (const name of files) rmSync(join(folder, name))
  run('systemctl', ['daemon-reload'])
  return files.map((name) => join(folder, name))
}

/** Let the group, which is made, read the sealed files: the server is nobody otherwise. */
export function shareStore({ store }: Pick<Config, 'store'>): void {
  if (loadAccounts().gid(GROUP) === undefined) run('groupadd', ['--system', GROUP])
  const gid = loadAccounts().gid(GROUP)
  if (gid === undefined) throw new StoreError(`the group ${GROUP} can't be made`)
  mkdirSync(store, { recursive: true, mode: 0o700 })
  shareFolder(store, gid)
}

function shareFolder(folder: string, gid: number): void {
  chownSync(folder, 0, gid)
  chmodSync(folder, 0o2750)
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const stat = lstatSync(path)
    if (stat.isDirectory()) shareFolder(path, gid)
    else if (stat.isFile()) {
      chownSync(path, stat.uid, gid)
      chmodSync(path, (stat.mode & 0o777) | 0o040)
    }
  }
}

function nsenterPath(): string {
  const found = ['/usr/bin/nsenter', '/bin/nsenter'].find((path) => existsSync(path))
  if (found === undefined) throw new StoreError('nsenter is needed', { hint: 'apt-get install util-linux' })
  return found
}

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status === 0) return stdout
  throw new StoreError(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}
