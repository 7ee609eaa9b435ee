import { backoff } from '../base/backoff.ts'
import { reasonOf, SourceError, UnavailableError, type HushfsError } from '../base/errors.ts'
import { monotonic } from '../base/monotonic.ts'
import type { VaultConfig } from '../config/config.ts'
import { leaseOf, lookedUp, refusal, type Lease } from './answers.ts'
import { Connection, type Answer, type Question } from './connection.ts'
import { credentialsOf, secureContextOf, type Login } from './credentials.ts'
import { Limiter } from './limiter.ts'

/** Requests to one server at once: 200 secrets at 50 ms each take a third of a second. */
const AT_ONCE = 32
const LONGEST_BACKOFF = 30_000
/** A policy without `auth/token/lookup-self` can't tell a bad token from a forbidden path: so often a login is tried for it. Milliseconds. */
const BLIND_LOGIN_PAUSE = 60_000
/** Above this setTimeout fires at once (2^31 - 1 ms); a token is renewed at least so often. */
const LONGEST_DELAY = 24 * 3600 * 1000
/** What ends a session must not hold up the end of its process. */
const GOODBYE_WITHIN = 2_000

interface Token extends Lease {
  /** From a login of this session: it renews and revokes it. */
  readonly own: boolean
}

/**
 * One signed-in client of one server: logs in once for all requests, renews the token at two thirds of its life, logs in again when it ends or is revoked. What
 * fails is asked again by the caller; nothing of it ends the session.
 */
export class Session {
  readonly #config: VaultConfig
  readonly #renews: boolean
  readonly #limiter = new Limiter(AT_ONCE)
  #connection: Connection | undefined
  #token: Token | undefined
  #signingIn: Promise<Token> | undefined
  #checking: { readonly token: Token; readonly replaced: Promise<boolean> } | undefined
  #failure: { readonly error: HushfsError; readonly count: number; readonly until: number } | undefined
  #blindLoginAfter = 0
  #renewal: NodeJS.Timeout | undefined
  #closed = false

  /** `renews`: it lives for long. */
  constructor(config: VaultConfig, renews: boolean) {
    this.#config = config
    this.#renews = renews
  }

  /** Ask for a path of the API with the token; of a refused token with the next one. Any status is an answer. */
  async get(path: string): Promise<Answer> {
    const token = await this.#current()
    const answer = await this.#ask({ method: 'GET', path, headers: {} }, token.token)
    if (answer.status !== 403 || !(await this.#replaceIfInvalid(token))) return answer
    const next = await this.#current()
    return this.#ask({ method: 'GET', path, headers: {} }, next.token)
  }

  /** Revokes the token, if it is its own, and ends. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#renewal)
    await Promise.race([this.#signOut(), pause(GOODBYE_WITHIN)])
    this.#connection?.close()
  }

  async #signOut(): Promise<void> {
    await this.#signingIn?.catch(() => undefined)
    const token = this.#token
    this.#token = undefined
    if (token !== undefined) await this.#discard(token)
  }

  async #current(): Promise<Token> {
    return this.#token ?? (await this.#signIn())
  }

  /** One attempt for all who wait; after a failure none for a while. */
  #signIn(): Promise<Token> {
    if (this.#closed) return Promise.reject(new UnavailableError('the session has ended'))
    if (this.#failure !== undefined && monotonic() < this.#failure.until)
      return Promise.reject(this.#failure.error)
    this.#signingIn ??= this.#acquire()
      .then(
        (token) => this.#adopt(token),
        (error: unknown) => this.#remember(error),
      )
      .finally(() => (this.#signingIn = undefined))
    return this.#signingIn
  }

  #adopt(token: Token): Token {
    this.#failure = undefined
    this.#token = token
    this.#planRenewal(token)
    return token
  }

  #remember(cause: unknown): never {
    const count = (this.#failure?.count ?? 0) + 1
    const words = `it can't sign in: ${reasonOf(cause)}`
    const error =
      cause instanceof SourceError
        ? new SourceError(words, { cause })
        : new UnavailableError(words, { cause })
    this.#failure = { error, count, until: monotonic() + backoff(count, LONGEST_BACKOFF) }
    throw error
  }

  async #acquire(): Promise<Token> {
    this.#connect()
    const credentials = credentialsOf(this.#config.auth)
    if ('login' in credentials) return { ...(await this.#login(credentials.login)), own: true }
    const { token } = credentials
    if (!this.#renews) return { token, seconds: 0, renewable: false, own: false }
    const answer = await this.#ask(lookup, token)
    // The policy may forbid the question: the token itself shows whether it is good.
    if (answer.status === 403) return { token, seconds: 0, renewable: false, own: false }
    return { ...lookedUp(answer, token), own: false }
  }

  async #login({ path, body, sent }: Login): Promise<Lease> {
    const bytes = Buffer.from(JSON.stringify(body))
    try {
      return leaseOf(await this.#ask({ method: 'POST', path, headers: JSON_BODY, body: bytes }), sent)
    } finally {
      bytes.fill(0)
    }
  }

  /** With what its files hold now: certificates rotate too. */
  #connect(): void {
    const { address, timeout } = this.#config
    const next = new Connection(address, secureContextOf(this.#config), timeout * 1000)
    // What is asked over the old connections goes on; they close when they were idle for long enough.
    this.#connection = next
  }

  async #ask(question: Question, token?: string): Promise<Answer> {
    const { namespace } = this.#config
    const headers = {
      ...question.headers,
      // Vault Agent and Proxy refuse requests without it where they are told to.
      'x-vault-request': 'true',
      ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
      ...(token === undefined ? {} : { 'x-vault-token': token }),
    }
    return this.#limiter.run(() => {
      if (this.#connection === undefined) this.#connect()
      return (this.#connection as Connection).ask({ ...question, headers })
    })
  }

  /** After a refusal: true when there is another token to try. One check for all who were refused with this one. */
  #replaceIfInvalid(token: Token): Promise<boolean> {
    if (this.#token !== token) return Promise.resolve(true)
    if (this.#checking?.token === token) return this.#checking.replaced
    const replaced = this.#check(token).finally(() => (this.#checking = undefined))
    this.#checking = { token, replaced }
    return replaced
  }

  async #check(token: Token): Promise<boolean> {
    const answer = await this.#ask(lookup, token.token)
    if (answer.status === 200) return false
    if (answer.status !== 403) throw refusal(answer, [token.token])
    if (this.#token !== token) return true
    if (token.own && monotonic() < this.#blindLoginAfter) return false
    const next = await this.#another(token)
    if (next === undefined) return false
    if (next.own && (await this.#ask(lookup, next.token)).status === 403)
      this.#blindLoginAfter = monotonic() + BLIND_LOGIN_PAUSE
    return true
  }

  /** A token in place of this one, which is gone then; undefined when its file still holds the same. */
  async #another(token: Token): Promise<Token | undefined> {
    if (!token.own) {
      const credentials = credentialsOf(this.#config.auth)
      if ('token' in credentials && credentials.token === token.token) return undefined
    }
    if (this.#token === token) this.#token = undefined
    const next = await this.#signIn()
    void this.#discard(token)
    return next
  }

  /** One that isn't revoked ends by itself. */
  async #discard({ token, own }: Token): Promise<void> {
    if (!own) return
    const question: Question = { method: 'POST', path: 'auth/token/revoke-self', headers: {} }
    await this.#ask(question, token).catch(() => undefined)
  }

  #planRenewal(token: Token, first = token.seconds): void {
    clearTimeout(this.#renewal)
    if (!this.#renews || this.#closed || token.seconds === 0) return
    const delay = token.seconds * 1000 * (0.6 + Math.random() / 15)
    const endsAt = monotonic() + token.seconds * 1000
    this.#plan(Math.min(delay, LONGEST_DELAY), () => this.#renew(token, first, endsAt))
  }

  #plan(delay: number, task: () => Promise<void>): void {
    this.#renewal = setTimeout(() => void task(), delay)
  }

  /** A renewal that gives less than half of the first life has met the token's maximum: it takes a new one then. */
  async #renew(token: Token, first: number, endsAt: number, failures = 0): Promise<void> {
    if (!this.#isCurrent(token)) return
    try {
      const lease = token.renewable ? await this.#renewed(token) : undefined
      if (!this.#isCurrent(token)) return
      if (lease !== undefined && lease.seconds * 2 > first) {
        const renewed = { ...token, seconds: lease.seconds, renewable: lease.renewable }
        this.#token = renewed
        this.#planRenewal(renewed, first)
        return
      }
      this.#adopt(await this.#acquire())
      void this.#discard(token)
    } catch {
      // Until its end the old one is good; from then on, who asks signs in and hears why it fails.
      if (!this.#isCurrent(token)) return
      if (monotonic() >= endsAt) this.#token = undefined
      else {
        const delay = Math.min(backoff(failures + 1, LONGEST_BACKOFF), Math.max(0, endsAt - monotonic()))
        this.#plan(delay, () => this.#renew(token, first, endsAt, failures + 1))
      }
    }
  }

  #isCurrent(token: Token): boolean {
    return !this.#closed && this.#token === token
  }

  /** Undefined: the server refuses. */
  async #renewed({ token }: Token): Promise<Lease | undefined> {
    const answer = await this.#ask({ method: 'POST', path: 'auth/token/renew-self', headers: {} }, token)
    try {
      return leaseOf(answer, [token])
    } catch (error) {
      if (error instanceof SourceError) return undefined
      throw error
    }
  }
}

const JSON_BODY = { 'content-type': 'application/json' }
const lookup: Question = { method: 'GET', path: 'auth/token/lookup-self', headers: {} }

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
}
