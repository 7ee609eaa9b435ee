import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { AuditRecord } from '../../../src/audit/record.ts'
import type { Done } from '../process.ts'
import { journalCursor } from './journal.ts'
import { service, type EnterOptions, type System } from './system.ts'

/** The program under test, as it is called in the system. */
export const program = ['/opt/hushfs/node', '/opt/hushfs/dist/hushfs.js'] as const
export const unitName = 'hushfs-test.service'
const configFile = '/etc/hushfs/hushfs.yaml'
const place = '/run/hushfs'
const READY_TIMEOUT = 20_000

export interface Config {
  readonly secrets: object
  readonly [key: string]: unknown
}

/**
 * Serve this configuration at /run/hushfs, as a service without anything that gives it a mount namespace: its mount is the system's.
 * Resolves when reads work.
 */
export async function serveHushfs(system: System, config: Config): Promise<Served> {
  const served = new Served(system)
  served.configure(config)
  await system.install({
    [unitName]: service([
      'Type=exec',
      `ExecStart=${[...program, 'mount', '--config', configFile].join(' ')}`,
    ]),
  })
  await system.output(['mkdir', '-p', place])
  await served.start()
  return served
}

export class Served {
  readonly system: System

  constructor(system: System) {
    this.system = system
  }

  configure(config: Config): void {
    this.system.write(configFile, JSON.stringify(config))
  }

  /** Start the service, and resolve when reads work. */
  async start(): Promise<void> {
    const ready = this.said(/^ready: /, await journalCursor(this.system))
    await this.system.output(['systemctl', 'start', unitName])
    await ready
  }

  /** Resolves when the journal has a line like this of the service: after `cursor`, or anywhere. */
  said(pattern: RegExp, cursor?: string): Promise<void> {
    const from = cursor === undefined ? '--lines=all' : `--after-cursor=${cursor}`
    const follow = ['journalctl', '--follow', from, '--output=cat', `--unit=${unitName}`]
    const [command = '', ...args] = this.system.entering(follow)
    const journal = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    return new Promise((resolve, reject) => {
      const said: string[] = []
      const end = (error?: Error) => {
        clearTimeout(timer)
        journal.kill()
        if (error) reject(error)
        else resolve()
      }
      const timer = setTimeout(
        () => end(new Error(`${unitName} said only: ${said.join('\n')}`)),
        READY_TIMEOUT,
      )
      createInterface({ input: journal.stdout }).on('line', (line) => {
        said.push(line)
        if (pattern.test(line)) end()
        if (/Failed with result/.test(line)) end(new Error(`${unitName} failed: ${said.join('\n')}`))
      })
    })
  }

  /** A command of hushfs in the system, to its end. */
  command(args: readonly string[], options: EnterOptions = {}): Promise<Done> {
    return this.system.run([...program, ...args], options)
  }

  /** `hushfs reload` with this configuration; throws unless it exits with 0. */
  async reload(config: Config): Promise<void> {
    this.configure(config)
    await this.system.output([...program, 'reload', '--config', configFile])
  }

  /** The last records of the audit about one secret, oldest first. */
  async audit(secret: string): Promise<AuditRecord[]> {
    const text = await this.system.output(['cat', `${place}/.hushfs/audit.jsonl`])
    const records = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as AuditRecord]))
    return records.filter((record) => record.secret === secret)
  }

  /** SIGKILL of the server; the mount that it leaves is detached. */
  async kill(): Promise<void> {
    await this.system.output(['systemctl', 'kill', '--signal=KILL', '--kill-whom=all', unitName])
    // Of a unit that ends on its own, this waits for its end.
    await this.system.output(['systemctl', 'stop', unitName])
    await this.system.output(['systemctl', 'reset-failed', unitName])
    await this.system.output(['umount', '--lazy', place])
  }

  async stop(): Promise<void> {
    await this.system.output(['systemctl', 'stop', unitName])
  }
}
