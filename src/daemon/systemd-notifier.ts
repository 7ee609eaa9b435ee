import { sendToSystemd, awaitSystemd } from '../sys/systemd-socket.ts'

/** What a service tells systemd (sd_notify(3)). Without NOTIFY_SOCKET it does nothing. Each throws `SystemError` when systemd isn't there. */
export class SystemdNotifier {
  readonly #socket: string | undefined

  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.#socket = env['NOTIFY_SOCKET'] === '' ? undefined : env['NOTIFY_SOCKET']
  }

  get present(): boolean {
    return this.#socket !== undefined
  }

  ready(status: string): void {
    this.#send(['READY=1', 'WATCHDOG=1', `STATUS=${status}`])
  }

  /** systemd tells this reload from an earlier one by the time at which it began. */
  reloading(): void {
    this.#send(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`])
  }

  stopping(): void {
    this.#send(['STOPPING=1'])
  }

  /** Alive, and how. */
  alive(status: string): void {
    this.#send(['WATCHDOG=1', `STATUS=${status}`])
  }

  /**
   * Keep a descriptor for the processes of this unit to come, in the place of an earlier one of that name. FDPOLL=0: systemd would drop /dev/fuse for the
   * EPOLLERR that it shows before it is mounted.
   */
  store(name: string, fd: number): void {
    this.#send(['FDSTOREREMOVE=1', `FDNAME=${name}`])
    this.#send(['FDSTORE=1', `FDNAME=${name}`, 'FDPOLL=0'], [fd])
  }

  /** Wait until systemd has taken all of it: what a process said that is gone can't be told from a stranger's word. False: it didn't in time. */
  settled(milliseconds: number): boolean {
    return this.#socket === undefined || awaitSystemd(this.#socket, milliseconds)
  }

  #send(lines: readonly string[], fds: readonly number[] = []): void {
    if (this.#socket !== undefined) sendToSystemd(this.#socket, lines.join('\n'), fds)
  }
}
