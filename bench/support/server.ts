import { spawn, execFileSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { mountAt } from '../../src/sys/mountinfo.ts'
import type { Cleanup } from './cleanup.ts'

/** A program that mounts `mountPoint` and serves it until SIGTERM. */
export interface ServerCommand {
  readonly command: readonly [string, ...string[]]
  readonly mountPoint: string
  /** Its standard input. */
  readonly input?: Uint8Array
  readonly environment?: Readonly<Record<string, string>>
  /** The one processor that it may run on; all when left out. */
  readonly processor?: number
}

const MOUNT_DEADLINE_MS = 20_000
const STOP_DEADLINE_MS = 3_000
const POLL_MS = 5

/** Starts a server; it is stopped and unmounted by `cleanup` or, before that, by `stopServer`. Doesn't wait for the mount. */
export function spawnServer(server: ServerCommand, cleanup: Cleanup): ChildProcess {
  const [program, ...args] = pinned(server.command, server.processor)
  const child = spawn(program, args, {
    env: { ...withoutNode(process.env), ...server.environment },
    stdio: ['pipe', 'ignore', 'pipe'],
    // A Ctrl-C for the bench isn't one for its servers: they are stopped when nobody reads from them any more.
    detached: true,
  })
  cleanup.defer(() => stopServer(child, server.mountPoint))
  child.stdin.on('error', () => undefined)
  child.stdin.end(server.input)
  return child
}

/** As a service is started: what a session tells Node, such as certificates that it reads at each start (NODE_EXTRA_CA_CERTS, 50 ms), isn't the server's. */
function withoutNode(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('NODE_')))
}

/** Resolves when the server's mount is there; throws what it said when it ended first. */
export async function startServer(server: ServerCommand, cleanup: Cleanup): Promise<ChildProcess> {
  const child = spawnServer(server, cleanup)
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  const deadline = Date.now() + MOUNT_DEADLINE_MS
  while (mountAt(server.mountPoint) === undefined) {
    if (hasEnded(child)) throw new Error(`${server.command.join(' ')}: ended without a mount: ${said}`)
    if (Date.now() > deadline) throw new Error(`${server.command.join(' ')}: no mount in time: ${said}`)
    await setTimeout(POLL_MS, undefined, { signal: cleanup.signal })
  }
  return child
}

/** Ends the server and its mount; a server that doesn't end by itself loses its connection, so that no reader hangs. */
export async function stopServer(child: ChildProcess, mountPoint: string): Promise<void> {
  const ended = hasEnded(child) ? Promise.resolve() : once(child, 'exit')
  child.kill('SIGTERM')
  const late = new AbortController()
  await Promise.race([
    ended,
    setTimeout(STOP_DEADLINE_MS, undefined, { signal: late.signal }).catch(() => undefined),
  ])
  late.abort()
  if (!hasEnded(child)) {
    abortConnection(mountPoint)
    child.kill('SIGKILL')
    await ended
  }
  while (mountAt(mountPoint) !== undefined) unmount(mountPoint)
}

/** Lazily: a reader that is still there doesn't keep the mount point. */
export function unmount(mountPoint: string): void {
  execFileSync('umount', ['--lazy', mountPoint])
}

/** Every request of the mount, waiting or to come, fails (Documentation/filesystems/fuse/fuse.rst, abort). */
function abortConnection(mountPoint: string): void {
  const minor = mountAt(mountPoint)?.device.split(':')[1]
  if (minor === undefined) return
  const control = '/sys/fs/fuse/connections'
  if (!existsSync(`${control}/${minor}`)) return
  writeFileSync(`${control}/${minor}/abort`, '1')
}

/** `command` as it runs on one processor; taskset(1) becomes the command, so the process id stays. */
export function pinned(command: readonly [string, ...string[]], processor?: number): [string, ...string[]] {
  return processor === undefined ? [...command] : ['taskset', '--cpu-list', String(processor), ...command]
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
