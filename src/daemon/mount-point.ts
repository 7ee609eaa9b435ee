import { spawn } from 'node:child_process'
import { lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { isNodeError, MountError, reasonOf } from '../base/errors.ts'
import { mountAt, type MountEntry } from '../sys/mountinfo.ts'

/** The type under which a mount of hushfs shows in /proc/self/mountinfo. */
export const MOUNT_TYPE = 'fuse.hushfs'

/**
 * The absolute path of a folder that can be mounted on. Throws `MountError` that says what is in the way and which command clears it. What is
 * mounted is read from mountinfo: to ask the path itself could hang on a dead or stopped server.
 */
export async function freeMountPoint(path: string): Promise<string> {
  const place = canonical(path)
  const entry = mountAt(place)
  if (entry !== undefined) throw await occupied(place, entry)
  const kind = kindOf(place)
  if (kind === 'folder') return place
  if (kind === 'missing')
    throw new MountError(`${place}: there is no such folder`, { hint: `mkdir -p ${place}` })
  throw new MountError(`${place}: is a file, not a folder`, {
    hint: `rm ${place} && mkdir ${place}, or mount elsewhere`,
  })
}

/** The path without symbolic links, as mountinfo has it; its last part is not asked, because it may be a dead mount. */
export function canonical(path: string): string {
  const absolute = resolve(path)
  try {
    const place = join(realpathSync(dirname(absolute)), basename(absolute))
    return mountAt(place) === undefined ? realpathSync(place) : place
  } catch (error) {
    if (isNodeError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return absolute
    throw new MountError(`${absolute}: ${reasonOf(error)}`)
  }
}

async function occupied(place: string, entry: MountEntry): Promise<MountError> {
  if (entry.type !== MOUNT_TYPE) {
    return new MountError(`${place}: is busy: ${entry.type} (${entry.source}) is mounted there`, {
      hint: `umount ${place}`,
    })
  }
  const hint = `hushfs unmount ${place}`
  return (await answers(place))
    ? new MountError(`${place}: is busy: another hushfs serves it`, { hint })
    : new MountError(`${place}: is stale: the mount of a hushfs that is gone or doesn't answer`, { hint })
}

const PROBE_MILLISECONDS = 2000

/** Does the server of this mount answer? Asked by another process, which may hang in its stead. */
export function answers(place: string): Promise<boolean> {
  return new Promise((done) => {
    const probe = spawn('stat', ['--file-system', '--', place], { stdio: 'ignore', detached: true })
    const timer = setTimeout(() => {
      probe.kill('SIGKILL')
      probe.unref()
      done(false)
    }, PROBE_MILLISECONDS)
    const settle = (alive: boolean) => {
      clearTimeout(timer)
      done(alive)
    }
    probe.once('error', () => settle(false))
    probe.once('exit', (code) => settle(code === 0))
  })
}

function kindOf(place: string): 'folder' | 'file' | 'missing' {
  try {
    return lstatSync(place).isDirectory() ? 'folder' : 'file'
  } catch (error) {
    if (isNodeError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return 'missing'
    throw new MountError(`${place}: ${reasonOf(error)}`)
  }
}
