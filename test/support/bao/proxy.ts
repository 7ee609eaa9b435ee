import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** Stands between a client and an OpenBao on http: counts what is asked, and can be slow, silent, or say nonsense. */
export class Proxy {
  /** Method and path of each request, in their order. */
  readonly asked: string[] = []
  /** The most requests that were under way at once. */
  atOnce = 0
  /** Before each answer, in milliseconds. */
  latency = 0
  /** These are never answered. */
  holds: (path: string) => boolean = () => false
  /** What is answered instead, with status 200. */
  nonsense: string | undefined
  readonly #target: string
  readonly #server = createServer((incoming, outgoing) => void this.#serve(incoming, outgoing))
  #underWay = 0

  private constructor(target: string) {
    this.#target = target
  }

  static async start(target: string): Promise<Proxy> {
    const proxy = new Proxy(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** How often something was asked. */
  count(pattern: RegExp): number {
    return this.asked.filter((line) => pattern.test(line)).length
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming
    this.asked.push(`${method} ${url.replace('/v1/', '')}`)
    this.atOnce = Math.max(this.atOnce, ++this.#underWay)
    outgoing.once('close', () => this.#underWay--)
    if (this.holds(url)) return
    await setTimeout(this.latency, undefined, { ref: false })
    if (this.nonsense !== undefined) {
      outgoing.end(this.nonsense)
      return
    }
    const onward = request(this.#target + url, { method, headers, agent: false })
    onward.on('error', () => outgoing.destroy())
    onward.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 0, response.headers)
      response.pipe(outgoing)
    })
    incoming.pipe(onward)
  }
}
