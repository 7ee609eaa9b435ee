import { spawn, type ChildProcess } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { mountAt, readMounts, type MountEntry } from '../../src/sys/mountinfo.ts'
import type { StatusFacts } from '../../src/daemon/worker-protocol.ts'
import { abortConnection } from './connection.ts'
import { dist, hushfs, output, run, stateOf, unhooked, type Done } from './process.ts'
import { until } from './until.ts'

/** A configuration as the user writes it: YAML text, or what JSON.stringify makes one of. */
export type ConfigInput = string | { readonly secrets: object; readonly [key: string]: unknown }

/** A folder of one test that anyone may search. At the end of the test its mounts are detached and all of it is removed. */
export function workFolder(t: Test): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hushfs-test-')))
  chmodSync(folder, 0o755)
  t.teardown(async () => {
    await clearMounts(folder)
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** Detach what is mounted below `folder`; whoever hangs on a server that doesn't answer is freed first. */
async function clearMounts(folder: string): Promise<void> {
  for (const { mountPoint, type } of readMounts().reverse()) {
    if (!mountPoint.startsWith(`${folder}/`)) continue
    if (type === 'fuse.hushfs') await abortConnection(mountPoint)
    await output('umount', ['--lazy', mountPoint])
  }
}

/** The lines of mountinfo about a folder; other tests mount and unmount elsewhere meanwhile. */
export function mountsBelow(folder: string): string {
  return readFileSync('/proc/self/mountinfo', 'latin1')
    .split('\n')
    .filter((line) => line.includes(folder))
    .join('\n')
}

export function writeConfig(file: string, config: ConfigInput): void {
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config, undefined, 2))
}

export interface ServeOptions {
  /** Holds `hushfs.yaml`; default: a new one. */
  readonly folder?: string
  /** Default: `mnt` in the folder, which is made. */
  readonly place?: string
  /** More arguments of `hushfs mount`. */
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Give the place on the command line; default. Else the configuration names it. */
  readonly named?: boolean
}

/** Mount with the real program in a process of its own, and resolve when reads work. It ends with the test. */
export async function mounted(t: Test, config: ConfigInput, options: ServeOptions = {}): Promise<Mounted> {
  const folder = options.folder ?? workFolder(t)
  const place = options.place ?? join(folder, 'mnt')
  const configFile = join(folder, 'hushfs.yaml')
  mkdirSync(place, { recursive: true })
  writeConfig(configFile, config)
  const server = new Mounted(folder, place, configFile, options)
  t.teardown(() => server.end())
  await server.heard(/^ready: .*\n/m)
  return server
}

const HEARD_WITHIN = 15_000
const END_WITHIN = 10_000

export class Mounted {
  readonly folder: string
  readonly place: string
  readonly configFile: string
  /** Resolves with the exit status, or with the signal that ended the server. */
  readonly ended: Promise<number | NodeJS.Signals>
  readonly #process: ChildProcess
  #stderr = ''
  #running = true

  constructor(folder: string, place: string, configFile: string, options: ServeOptions) {
    this.folder = folder
    this.place = place
    this.configFile = configFile
    const program = [join(dist, 'hushfs.js'), 'mount', '--config', configFile, ...(options.args ?? [])]
    if (options.named ?? true) program.push(place)
    // Whatever ends the test process, the server then ends itself.
    const parted = ['--pdeathsig=TERM', process.execPath, ...program]
    this.#process = spawn(...unhooked('setpriv', parted), {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...options.env },
    })
    this.#process.stderr?.on('data', (piece: Buffer) => (this.#stderr += piece.toString()))
    this.ended = new Promise((resolve) => {
      this.#process.once('close', (status, signal) => {
        this.#running = false
        resolve(status ?? signal ?? 'SIGKILL')
      })
    })
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** All that the server has said: its log. */
  get log(): string {
    return this.#stderr
  }

  /** The mount as the kernel lists it. */
  get mountEntry(): MountEntry | undefined {
    return mountAt(this.place)
  }

  get isMounted(): boolean {
    return this.mountEntry !== undefined
  }

  path(name: string): string {
    return join(this.place, name)
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name)
  }

  /** SIGSTOP, and resolves when no thread of the server runs any more: until then one may still answer. */
  async freeze(): Promise<void> {
    this.signal('SIGSTOP')
    await until('every thread is stopped', () =>
      readdirSync(`/proc/${this.pid}/task`).every((tid) => stateOf(`${this.pid}/task/${tid}`) === 'T'),
    )
  }

  /** Resolves when the log has this; throws when the server ends without. */
  heard(pattern: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (how: string) =>
        reject(new Error(`the server ${how} without saying ${pattern}: ${this.#stderr}`))
      const timer = setTimeout(() => fail('went on'), HEARD_WITHIN)
      const listen = () => {
        if (!pattern.test(this.#stderr)) return
        clearTimeout(timer)
        this.#process.stderr?.off('data', listen)
        resolve()
      }
      this.#process.stderr?.on('data', listen)
      void this.ended.then((how) => {
        clearTimeout(timer)
        fail(`ended (${how})`)
      })
      listen()
    })
  }

  /** The content of a secret, read by cat(1). Throws what cat says. */
  cat(name: string): Promise<Buffer> {
    return output('cat', ['--', this.path(name)])
  }

  /** `.hushfs/status.json`. */
  async status(): Promise<StatusFacts> {
    return JSON.parse((await this.cat('.hushfs/status.json')).toString()) as StatusFacts
  }

  /** `hushfs reload`, after `config` was written where one is given. */
  reload(config?: ConfigInput): Promise<Done> {
    if (config !== undefined) writeConfig(this.configFile, config)
    return hushfs(['reload', '--config', this.configFile, this.place])
  }

  /** The same; throws unless it exits with 0. */
  async reloaded(config?: ConfigInput): Promise<void> {
    const done = await this.reload(config)
    if (done.status !== 0) throw new Error(`hushfs reload: ${done.status ?? 'killed'}: ${done.stderr}`)
  }

  /** Stop a server that is still there, and resolve when it is gone: by SIGTERM, or by force. */
  async end(): Promise<void> {
    if (!this.#running) return
    this.signal('SIGCONT')
    this.signal('SIGTERM')
    const timer = setTimeout(() => void this.#force(), END_WITHIN)
    await this.ended
    clearTimeout(timer)
  }

  async #force(): Promise<void> {
    if (this.isMounted) await abortConnection(this.place)
    this.signal('SIGKILL')
  }
}

/** What cat(1) says, as some user and groups (numbers), about one file. */
export function catAs(uid: number, gid: number, groups: readonly number[], path: string): Promise<Done> {
  const supplementary = groups.length === 0 ? ['--clear-groups'] : [`--groups=${groups.join(',')}`]
  return run('setpriv', [`--reuid=${uid}`, `--regid=${gid}`, ...supplementary, 'cat', '--', path])
}
