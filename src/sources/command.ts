import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { reasonOf, SourceError } from '../base/errors.ts'
import { Output, OutputPipe } from './command-output.ts'
import { killedWithUs, killGroup } from './command-groups.ts'

/** Where a program that is given by its name is looked for: systemd's own list (systemd.exec(5), ExecSearchPath=), and NixOS' place. */
export const SEARCH_PATH: readonly string[] = [
  '/run/current-system/sw/bin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
]

export interface Command {
  /** Absolute. */
  readonly program: string
  readonly args: readonly string[]
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>
  /** For standard input, which is empty otherwise. */
  readonly input?: Uint8Array
  /** Milliseconds. */
  readonly timeout: number
  /** Is given standard error as it comes. */
  readonly onStderr: (piece: Buffer) => void
}

/** A command that didn't end well; the message is a sentence about `it`. */
export class CommandError extends Error {
  /** It took too long, and was killed. */
  readonly late: boolean

  constructor(message: string, late: boolean) {
    super(message)
    this.late = late
  }
}

/** The path of a program; undefined when it isn't in any folder of the list. */
export function findProgram(name: string, folders = SEARCH_PATH): string | undefined {
  if (isAbsolute(name)) return name
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/**
 * Run a program without a shell, in a process group of its own that ends with it. Its standard output, at most MAX_SECRET_BYTES; the caller wipes
 * it. Throws `CommandError` when it doesn't end well and in time, `SourceError` when it writes too much.
 */
export async function runCommand(command: Command): Promise<Uint8Array> {
  const { input, timeout } = command
  const [stdout, stderr] = [new OutputPipe(), new OutputPipe()]
  const output = new Output(stdout)
  stderr.onData(command.onStderr)
  try {
    const child = start(command, stdout, stderr)
    const abandon = () => {
      if (child.pid !== undefined) killGroup(child.pid)
      // Who has left the group with the pipes is not waited for.
      for (const pipe of [stdout, stderr]) pipe.destroy()
    }
    output.onTooLong = abandon
    const timer = new Timer(timeout, abandon)
    // A program that doesn't read its input closes the pipe.
    child.stdin?.on('error', () => undefined).end(input)
    const [ending] = await Promise.all([ended(child), stdout.closed, stderr.closed])
    timer.stop()
    if (output.isTooLong) throw new SourceError('it wrote more than 1 MiB to standard output')
    if (timer.fired) throw new CommandError(`it didn't end within ${timeout / 1000} s and was killed`, true)
    if (ending !== undefined) throw new CommandError(ending, false)
    return output.take()
  } finally {
    output.wipe()
  }
}

function start(
  { program, args, environment, input }: Command,
  stdout: OutputPipe,
  stderr: OutputPipe,
): ChildProcess {
  try {
    return spawn(program, args, {
      cwd: '/',
      env: environment,
      detached: true,
      stdio: [input === undefined ? 'ignore' : 'pipe', stdout.writeEnd, stderr.writeEnd],
    })
  } catch (error) {
    // Node throws what isn't among the usual reasons, such as arguments that are too long.
    throw new CommandError(`it can't be started: ${reasonOf(error)}`, false)
  } finally {
    stdout.closeWriteEnd()
    stderr.closeWriteEnd()
  }
}

/** Resolves to what went wrong with it. */
function ended(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    const release = child.pid === undefined ? () => undefined : killedWithUs(child.pid)
    child.once('error', (error) => resolve(`it can't be started: ${reasonOf(error)}`))
    child.once('exit', (status, signal) => {
      // What it leaves behind would hold its output open, and outlive the load.
      release()
      if (signal !== null) resolve(`it was ended by ${signal}`)
      else resolve(status === 0 ? undefined : `it exited with status ${status ?? 'unknown'}`)
    })
  })
}

class Timer {
  readonly #timer: NodeJS.Timeout
  fired = false

  constructor(milliseconds: number, act: () => void) {
    this.#timer = setTimeout(() => {
      this.fired = true
      act()
    }, milliseconds)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
