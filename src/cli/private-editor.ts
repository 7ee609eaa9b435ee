import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { basename, join } from 'node:path'
import { readBoundedFile } from '../base/bounded-file.ts'
import { isNodeError, StoreError } from '../base/errors.ts'
import { MAX_SECRET_BYTES } from '../sources/source.ts'
import { exitNow } from '../sys/libc.ts'
import { leaveRamOnly, mountNamespace } from '../sys/ramfs.ts'
import { receiveValue, sendValue } from './editor-channel.ts'
import { editorCommand } from './editor-command.ts'

/**
 * A value goes to an editor in a mount and process namespace of its own, in which nothing but a ramfs can be written. Two processes:
 * `editPrivately` outside has keys and store; `serveEditor`, this program again behind unshare(1), has the value alone. When the outer end
 * of their socket closes, for whatever reason, the inner process ends, and as it is the first of its process namespace, the kernel
 * ends the editor and all that it started. The mount namespace goes with the last of them, and the ramfs with that.
 */
const CHANNEL = 3

/** Folders that are everywhere; the first one there is covered by the ramfs, in the namespace alone. */
const places = ['/dev/shm', '/run', '/tmp']

/** The value as the editor left it; the caller wipes both. Throws `StoreError` when the editor fails. */
export async function editPrivately(name: string, value: Uint8Array): Promise<Uint8Array> {
  const asRoot = process.geteuid?.() === 0 ? [] : ['--map-root-user']
  const options = ['--mount', '--propagation', 'private', '--pid', '--fork', ...asRoot]
  const self = [process.execPath, ...process.execArgv, process.argv[1] ?? '']
  const words = [...options, ...self, 'edit', name, '--inside', mountNamespace()]
  const child = spawn('unshare', words, { stdio: ['inherit', 'inherit', 'inherit', 'pipe'] })
  const channel = child.stdio[CHANNEL] as Socket
  channel.on('error', () => undefined)
  const heedAgain = ignoreInterrupts()
  try {
    const received = receiveValue(channel)
    const ended = once(child, 'exit') as Promise<[number | null]>
    await sendValue(channel, value)
    const [status] = await ended
    if (status !== 0) channel.destroy()
    const edited = await received
    if (status === 0 && edited !== undefined) return edited
    throw new StoreError(`the editor did not end well; ${name} is as it was`)
  } catch (error) {
    if (!isNodeError(error)) throw error
    throw new StoreError("can't run unshare, which keeps the editor off the disks", {
      hint: 'install util-linux, or use `hushfs set`',
      cause: error,
    })
  } finally {
    heedAgain()
    channel.destroy()
  }
}

/** The inner process: `outside` is the mount namespace that it must have left. Throws `StoreError`. */
export async function serveEditor(name: string, outside: string): Promise<void> {
  const channel = new Socket({ fd: CHANNEL, readable: true, writable: true })
  const outerIsGone = () => exitNow(1)
  channel.on('error', outerIsGone).on('close', outerIsGone).on('end', outerIsGone)
  try {
    const value = await receiveValue(channel)
    if (value !== undefined) await editHere(name, outside, value, channel)
  } finally {
    channel.removeAllListeners().destroy()
  }
}

async function editHere(name: string, outside: string, value: Uint8Array, channel: Socket): Promise<void> {
  const folder = places.find((place) => existsSync(place)) ?? '/'
  leaveRamOnly(outside, folder)
  const file = join(folder, basename(name))
  writeFileSync(file, value, { mode: 0o600, flag: 'wx' })
  value.fill(0)
  await runEditor(file, folder)
  const edited = readBoundedFile(
    file,
    MAX_SECRET_BYTES,
    (message, cause) => new StoreError(message, { cause }),
  )
  try {
    await sendValue(channel, edited)
  } finally {
    edited.fill(0)
  }
}

async function runEditor(file: string, folder: string): Promise<void> {
  const { words, options } = editorCommand(process.env)
  const env = { ...process.env, TMPDIR: folder }
  const heedAgain = ignoreInterrupts()
  try {
    // As git does: the words of the variable are the shell's, the file is one argument.
    const shell = spawn('sh', ['-c', `${words} "$@"`, words, ...options, file], { stdio: 'inherit', env })
    const [status, signal] = (await once(shell, 'exit')) as [number | null, string | null]
    if (status === 0) return
    throw new StoreError(
      `the editor \`${words}\` ended with ${status === null ? String(signal) : `status ${status}`}`,
      {
        hint: 'VISUAL or EDITOR names another one',
      },
    )
  } finally {
    heedAgain()
  }
}

/** Ctrl-C in the terminal is for the editor. */
function ignoreInterrupts(): () => void {
  const ignore = () => undefined
  process.on('SIGINT', ignore).on('SIGQUIT', ignore)
  return () => void process.off('SIGINT', ignore).off('SIGQUIT', ignore)
}
