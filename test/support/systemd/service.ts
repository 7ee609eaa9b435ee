import { spawn, type ChildProcess } from 'node:child_process'
import type { Test } from 'tap'
import { installProgram } from './programs.ts'
import { program } from './hushfs.ts'
import { bootSystemd, type Suite, type System } from './system.ts'

export const UNIT = 'hushfs.service'
export const configFile = '/etc/hushfs/hushfs.yaml'
export const place = '/run/hushfs'

/** What test/systemd/programs/hammer.c counts. */
export interface Hammered {
  readonly opens: number
  readonly failed: number
  readonly wrong: number
  readonly longestMs: number
  readonly error: string
}

/** hushfs as `hushfs install` puts it in place, in a system of its own. Not started yet. */
export async function installedService(t: Test, options: { suite?: Suite } = {}): Promise<Service> {
  const system = await bootSystemd(t, options)
  await system.output([...program, 'install'])
  return new Service(system)
}

export class Service {
  readonly system: System

  constructor(system: System) {
    this.system = system
  }

  hushfs(...args: readonly string[]): Promise<string> {
    return this.system.output([...program, ...args])
  }

  /** Seal a value and declare it. */
  async set(name: string, value: string | Uint8Array, ...options: readonly string[]): Promise<void> {
    await this.system.output([...program, 'set', name, ...options], { input: value })
  }

  async start(): Promise<void> {
    await this.systemctl('start', UNIT)
  }

  systemctl(...args: readonly string[]): Promise<string> {
    return this.system.output(['systemctl', ...args], { timeout: 60_000 })
  }

  async property(name: string, unit = UNIT): Promise<string> {
    return (await this.systemctl('show', `--property=${name}`, '--value', unit)).trim()
  }

  async cat(name: string): Promise<string> {
    return this.system.output(['cat', `${place}/${name}`], { timeout: 60_000 })
  }

  /** Signal the server, and only it, once it serves. */
  async signal(name: string): Promise<void> {
    const { pid } = await this.status()
    await this.system.output(['kill', `-${name}`, String(pid)])
  }

  async status(): Promise<{ readonly pid: number } & Record<string, unknown>> {
    return JSON.parse(await this.cat('.hushfs/status.json')) as { pid: number }
  }

  /** Readers in parallel that go on until they have opened the secret so often. */
  hammer(name: string, threads: number, opens: number): Hammer {
    installProgram(this.system, 'hammer.c')
    return new Hammer(this.system, [`${place}/${name}`, String(threads), String(opens)])
  }
}

/** A running hammer. */
export class Hammer {
  readonly ended: Promise<Hammered>
  readonly #system: System
  readonly #process: ChildProcess
  #running = true

  constructor(system: System, args: readonly string[]) {
    this.#system = system
    const [command = '', ...rest] = system.entering(['hammer', ...args])
    this.#process = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.ended = new Promise((resolve, reject) => {
      const pieces: Buffer[] = []
      this.#process.stdout?.on('data', (piece: Buffer) => pieces.push(piece))
      this.#process.once('error', reject)
      this.#process.once('close', (status, signal) => {
        this.#running = false
        const text = Buffer.concat(pieces).toString()
        if (text === '') reject(new Error(`hammer ended without a word: ${status ?? signal ?? ''}`))
        else resolve(JSON.parse(text) as Hammered)
      })
    })
  }

  get running(): boolean {
    return this.#running
  }

  /** Its readers finish what they have begun. */
  async stop(): Promise<void> {
    await this.#system.run(['pkill', '-TERM', '-x', 'hammer'])
  }
}
