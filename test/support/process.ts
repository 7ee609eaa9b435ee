import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** How a program ended. */
export interface Done {
  /** Undefined when it was ended by a signal, or didn't end at all. */
  readonly status: number | undefined
  readonly signal: NodeJS.Signals | undefined
  readonly stdout: Buffer
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Milliseconds after which the program is killed. */
  readonly timeout?: number
}

/**
 * A command line that runs without tap's hooks, which are no part of what is tested: tap puts them into the environment of every process that a
 * test starts, after the test has had its say.
 */
export function unhooked(command: string, args: readonly string[]): [string, string[]] {
  return ['/usr/bin/env', ['--unset=NODE_OPTIONS', command, ...args]]
}

/** Below the time that tap gives a test, so that a program that hangs is the test's failure and doesn't survive it. */
const TIMEOUT = 20_000
/** A program that waits for an answer of a FUSE server survives SIGKILL until it gets one: nobody waits for it longer than this. */
const AFTER_KILL = 1_000

/** Run a program to its end. Throws when it doesn't end in time: whatever it hangs on then hangs it and not the test. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Done> {
  const { cwd, env, input } = options
  const what = [command, ...args].join(' ')
  const child = spawn(...unhooked(command, args), { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (piece: Buffer) => stdout.push(piece))
  child.stderr.on('data', (piece: Buffer) => stderr.push(piece))
  // A program that doesn't read its input shows in its exit.
  child.stdin.on('error', () => undefined).end(input)
  return new Promise((resolve, reject) => {
    const late = () =>
      reject(new Error(`${what}: didn't end in time; ${Buffer.concat(stderr).toString().slice(0, 2000)}`))
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      setTimeout(late, AFTER_KILL).unref()
    }, options.timeout ?? TIMEOUT)
    let killed = false
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.once('exit', () => (killed = child.killed))
    child.once('close', (status, signal) => {
      clearTimeout(timer)
      if (killed) late()
      resolve({
        status: status ?? undefined,
        signal: signal ?? undefined,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString(),
      })
    })
  })
}

/** Run a program and take its standard output; throws unless it exits with 0 and says nothing on standard error. */
export async function output(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Buffer> {
  const done = await run(command, args, options)
  if (done.status === 0 && done.stderr === '') return done.stdout
  throw new Error(
    `${command} ${args.join(' ').slice(0, 500)}: ${done.status ?? done.signal ?? 'killed'}: ${done.stderr}`,
  )
}

/** The built program: HUSHFS_DIST, or dist/ of this repository. */
export const dist = process.env['HUSHFS_DIST'] ?? join(import.meta.dirname, '../../dist')

/** Run one command of hushfs to its end. */
export function hushfs(args: readonly string[], options: RunOptions = {}): Promise<Done> {
  return run(process.execPath, [join(dist, 'hushfs.js'), ...args], options)
}

/** The state of a process, or of a thread as `PID/task/TID`: R, S, T and so on (proc_pid_stat(5)). */
export function stateOf(task: string): string | undefined {
  // Behind the name, which may have parentheses itself.
  return /^.*\) (.)/s.exec(readFileSync(`/proc/${task}/stat`, 'latin1'))?.[1]
}
