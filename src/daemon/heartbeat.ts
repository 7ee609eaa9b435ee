import { reasonOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { Deadline } from '../sys/deadline.ts'
import { statusLine } from './status-line.ts'
import type { Server } from './server.ts'
import type { SystemdNotifier } from './systemd-notifier.ts'

const SIGKILL = 9
const SIGCONT = 18

/** Milliseconds. A stop ends within WAKE_AFTER, a server that hangs otherwise within KILL_AFTER; systemd's own watchdog is set to more. */
const BEAT = 2000
const WAKE_AFTER = 3000
const KILL_AFTER = 6000

/**
 * As long as the FUSE worker answers, systemd's watchdog is fed and the deadlines of this process are put off. They are the kernel's timers, not PID 1's: while the
 * server hangs, PID 1 may be one of its readers (EnvironmentFile=) and can do nothing.
 */
export class Heartbeat {
  readonly #server: Pick<Server, 'probe' | 'secrets'>
  readonly #systemd: SystemdNotifier
  readonly #log: Log
  readonly #wake = new Deadline(SIGCONT)
  readonly #kill = new Deadline(SIGKILL)
  #probing = false

  /** From the first moment on. */
  constructor(server: Pick<Server, 'probe' | 'secrets'>, systemd: SystemdNotifier, log: Log) {
    this.#server = server
    this.#systemd = systemd
    this.#log = log
    this.#putOff()
    setInterval(() => void this.#beat(), BEAT).unref()
  }

  async #beat(): Promise<void> {
    if (this.#probing) return
    this.#probing = true
    const counters = await this.#server.probe()
    this.#probing = false
    this.#putOff()
    try {
      this.#systemd.alive(statusLine(this.#server.secrets, counters))
    } catch (error) {
      this.#log.warning(`systemd can't be told: ${reasonOf(error)}`)
    }
  }

  #putOff(): void {
    this.#wake.putOff(WAKE_AFTER)
    this.#kill.putOff(KILL_AFTER)
  }
}
