/**
 * A real systemd for tests: Debian's own, as PID 1 in namespaces of its own (`root` builds the folder that it boots from, `boot` and `init` start it).
 * Each boot is fresh. It ends with the test, however the test ends.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { dist, run, type Done, type RunOptions } from '../process.ts'
import { journalCursor, readJournal, type JournalEntry } from './journal.ts'

/** Debian releases and their systemd: trixie has 257, bookworm 252. */
export type Suite = 'trixie' | 'bookworm'

export interface EnterOptions extends RunOptions {
  /** Name or number; default: root. */
  readonly user?: string
  /** The cgroup to run in, as the system counts; default: one that belongs to no unit. */
  readonly cgroup?: string
}

/** How a start of a unit went. */
export interface Started {
  /** `Result=`: `success`, `exit-code`, `signal`, `timeout`, ... */
  readonly result: string
  /** The exit status, or the number of the signal, of its main process; 0 before it has ended. */
  readonly status: number
  /** What its processes wrote, standard output and error, line by line. */
  readonly output: string
  /** All that the journal has about this start, systemd's own messages too. */
  readonly journal: readonly JournalEntry[]
}

const ROOT_TIMEOUT = 600_000
const BOOT_TIMEOUT = 60_000
const PATH = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const here = import.meta.dirname
const modules = join(here, '../../../node_modules')

export interface BootOptions {
  readonly suite?: Suite
  /** A folder whose files the system has from the start, by their paths below it. */
  readonly files?: string
}

/** Boot, and resolve when systemd has started all that it starts. */
export async function bootSystemd(t: Test, { suite = 'trixie', files }: BootOptions = {}): Promise<System> {
  t.setTimeout(ROOT_TIMEOUT)
  const folder = (await succeeded(run(join(here, 'root'), [suite], { timeout: ROOT_TIMEOUT }))).trim()
  // A group of its own: what ends the test's group must leave it to clear up behind the test.
  const guard = spawn(
    join(here, 'boot'),
    [folder, process.execPath, dist, modules, ...(files === undefined ? [] : [files])],
    {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  )
  const system = new System(guard, await firstPid(guard))
  t.teardown(() => system.stop())
  await system.output(['cat', '/run/booted'], { timeout: BOOT_TIMEOUT })
  return system
}

/** The line that boot says when all is mounted. */
function firstPid(guard: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let stderr = ''
    guard.stderr?.on('data', (piece: Buffer) => (stderr += piece.toString()))
    guard.once('error', reject)
    guard.once('close', () => reject(new Error(`no system was booted: ${stderr}`)))
    if (guard.stdout === null) return
    createInterface({ input: guard.stdout }).once('line', (line) => resolve(Number(line.replace('pid ', ''))))
  })
}

async function succeeded(running: Promise<Done>): Promise<string> {
  const done = await running
  if (done.status === 0) return done.stdout.toString()
  throw new Error(
    `exit status ${done.status ?? done.signal ?? 'none'}: ${done.stderr}${done.stdout.toString()}`,
  )
}

export class System {
  /** Its PID 1, as the test counts. */
  readonly pid: number
  readonly #guard: ChildProcess
  /** The unit files that were installed. */
  readonly #units = new Map<string, string>()
  readonly #ended: Promise<void>

  constructor(guard: ChildProcess, pid: number) {
    this.#guard = guard
    this.pid = pid
    this.#ended = new Promise((resolve) => guard.once('close', () => resolve()))
  }

  /** A file of the system as the test sees it. Never one on a mount of hushfs: the test would wait for a server that it may have to end. */
  path(inside: string): string {
    return `/proc/${this.pid}/root${inside}`
  }

  write(inside: string, content: string | Uint8Array, mode = 0o644): void {
    const file = this.path(inside)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
    chmodSync(file, mode)
  }

  /** The command line that runs a program in the system. */
  entering(argv: readonly string[], { user, cgroup = '/outside' }: EnterOptions = {}): string[] {
    const procs = this.path(`/sys/fs/cgroup${cgroup}/cgroup.procs`)
    const as = user === undefined ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups']
    const namespaces = ['--mount', '--pid', '--cgroup', '--uts', '--ipc']
    return [
      ...['sh', '-c', 'echo $$ >"$0" && exec "$@"', procs],
      ...[
        'nsenter',
        `--target=${this.pid}`,
        ...namespaces,
        '--',
        'env',
        '-i',
        `PATH=${PATH}`,
        ...as,
        ...argv,
      ],
    ]
  }

  /** Run a program in the system to its end. */
  run(argv: readonly string[], options: EnterOptions = {}): Promise<Done> {
    const [command = '', ...args] = this.entering(argv, options)
    return run(command, args, options)
  }

  /** Its standard output; throws unless it exits with 0. */
  output(argv: readonly string[], options: EnterOptions = {}): Promise<string> {
    return succeeded(this.run(argv, options))
  }

  /** Install unit files, by name. */
  async install(units: Readonly<Record<string, string>>): Promise<void> {
    const changed = Object.entries(units).filter(([name, text]) => this.#units.get(name) !== text)
    if (changed.length === 0) return
    for (const [name, text] of changed) {
      this.write(`/etc/systemd/system/${name}`, text)
      this.#units.set(name, text)
    }
    await this.output(['systemctl', 'daemon-reload'])
  }

  /** `systemctl start`: of a oneshot service, until it has ended. */
  async start(name: string): Promise<Started> {
    const cursor = await journalCursor(this)
    await this.run(['systemctl', 'start', name])
    const shown = await this.output(['systemctl', 'show', '--property=Result,ExecMainStatus', name])
    const journal = await readJournal(this, name, cursor)
    return {
      result: /^Result=(.*)$/m.exec(shown)?.[1] ?? '',
      status: Number(/^ExecMainStatus=(\d+)$/m.exec(shown)?.[1]),
      output: journal.flatMap(({ message, isOutput }) => (isOutput ? [`${message}\n`] : [])).join(''),
      journal,
    }
  }

  /** Install and start a oneshot service with these lines in its `[Service]` section. */
  async oneshot(name: string, lines: readonly string[]): Promise<Started> {
    await this.install({ [name]: service(['Type=oneshot', ...lines]) })
    return this.start(name)
  }

  /** Run a program as a transient service with these properties, to its end. */
  systemdRun(
    properties: readonly string[],
    argv: readonly string[],
    options: EnterOptions = {},
  ): Promise<Done> {
    const flags = [
      '--quiet',
      '--wait',
      '--pipe',
      '--collect',
      ...properties.map((text) => `--property=${text}`),
    ]
    return this.run(['systemd-run', ...flags, '--', ...argv], options)
  }

  /** End it: its processes, its mounts, its cgroups. */
  async stop(): Promise<void> {
    this.#guard.stdin?.end()
    await this.#ended
  }
}

/** The text of a service that may be started as often as a test likes. */
export function service(lines: readonly string[]): string {
  return ['[Unit]', 'StartLimitIntervalSec=0', '[Service]', ...lines, ''].join('\n')
}
