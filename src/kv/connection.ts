import { lookup, type LookupAddress } from 'node:dns'
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { TLSSocket, type SecureContext } from 'node:tls'
import { UnavailableError } from '../base/errors.ts'
import { networkReason } from './network-words.ts'

/** A document of secrets of 1 MiB each, with escapes; servers refuse requests above 32 MiB. */
const MAX_ANSWER_BYTES = 8 << 20
const CONNECT_WITHIN = 5_000
/** Idle connections are closed before a server or a firewall does it. Milliseconds. */
const KEEP_IDLE = 60_000

export interface Answer {
  readonly status: number
  /** May hold secrets: whoever gets it wipes it. */
  readonly body: Buffer
}

export interface Question {
  readonly method: 'GET' | 'POST'
  /** Below /v1/, encoded. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/**
 * Kept-alive connections to one server. Every question has a time limit, every answer a size limit, and a redirect is an answer like any other: it
 * is never followed. Throws `UnavailableError` alone.
 */
export class Connection {
  readonly #base: string
  readonly #agent: HttpAgent
  readonly #request: (url: string, options: object) => ClientRequest
  readonly #timeout: number

  /** `timeout`: of a whole question, in milliseconds. */
  constructor(address: string, secureContext: SecureContext | undefined, timeout: number) {
    const isHttps = address.startsWith('https:')
    const options = { keepAlive: true, timeout: KEEP_IDLE, lookup: lookupOnce }
    this.#base = `${address}/v1/`
    this.#agent = isHttps ? new HttpsAgent({ ...options, secureContext }) : new HttpAgent(options)
    this.#request = isHttps ? httpsRequest : httpRequest
    this.#timeout = timeout
  }

  /** Ends open connections and what is asked over them. */
  close(): void {
    this.#agent.destroy()
  }

  async ask(question: Question): Promise<Answer> {
    try {
      return await this.#send(question)
    } catch (error) {
      // The server may close an idle connection at the moment in which it is used again.
      if (!(error instanceof Reused)) throw error
      return this.#send(question)
    }
  }

  #send({ method, path, headers, body }: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = this.#request(this.#base + path, {
        method,
        agent: this.#agent,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-length': body.length }) },
      })
      const stop = limitTime(request, this.#timeout)
      request.on('response', (response) => {
        collect(response)
          .then((answer) => resolve(answer), reject)
          .finally(stop)
      })
      request.on('error', (error) => {
        stop()
        const isClosed = 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
        reject(request.reusedSocket && isClosed ? new Reused(networkReason(error)) : unavailable(error))
      })
      request.end(body)
    })
  }
}

/** Nothing was answered on a connection that had been idle. */
class Reused extends UnavailableError {}

/** A limit for the connection and one for all; returns what takes them off. */
function limitTime(request: ClientRequest, timeout: number): () => void {
  const after = (milliseconds: number, what: string) =>
    setTimeout(
      () => request.destroy(new UnavailableError(`${what} within ${milliseconds / 1000} s`)),
      milliseconds,
    )
  const timers = [after(timeout, 'it did not answer')]
  request.once('socket', (socket) => {
    if (!socket.connecting) return
    const connecting = after(Math.min(CONNECT_WITHIN, timeout), 'no connection')
    timers.push(connecting)
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => clearTimeout(connecting))
  })
  return () => {
    for (const timer of timers) clearTimeout(timer)
  }
}

async function collect(response: IncomingMessage): Promise<Answer> {
  const pieces: Buffer[] = []
  let length = 0
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      pieces.push(piece)
      length += piece.length
      if (length > MAX_ANSWER_BYTES)
        throw new UnavailableError(`its answer is larger than ${MAX_ANSWER_BYTES} bytes`)
    }
    return { status: response.statusCode ?? 0, body: Buffer.concat(pieces, length) }
  } catch (error) {
    throw unavailable(error)
  } finally {
    for (const piece of pieces) piece.fill(0)
  }
}

function unavailable(error: unknown): UnavailableError {
  if (error instanceof UnavailableError) return error
  return new UnavailableError(networkReason(error), { cause: error })
}

/** Node gives no addresses with an error. */
type Found = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[] | undefined) => void
const waiting = new Map<string, Found[]>()

/**
 * getaddrinfo(3) blocks one of the few threads of libuv's pool, for long where a name server is dead: one question per name at a time, so that the names of
 * other servers find a thread.
 */
const lookupOnce: LookupFunction = (host, options, callback) => {
  const found: Found = (error, addresses) => {
    const [first] = addresses ?? []
    if (options.all === true) callback(error, addresses ?? [])
    else callback(error, first?.address ?? '', first?.family)
  }
  const others = waiting.get(host)
  if (others !== undefined) {
    others.push(found)
    return
  }
  waiting.set(host, [found])
  lookup(host, { all: true }, (error, addresses) => {
    const all = waiting.get(host) ?? []
    waiting.delete(host)
    for (const one of all) one(error, addresses)
  })
}
