import { SourceError, UnavailableError, type HushfsError } from '../base/errors.ts'
import { isMap } from '../base/is-map.ts'
import { oneLine } from '../base/log.ts'
import type { Answer } from './connection.ts'
import type { Mount } from './paths.ts'

/**
 * What the answers of a server mean (native-notes/vault.md). Pure; throws `SourceError` for what the server itself refuses or doesn't have, and
 * `UnavailableError` for everything that may be the fault of the moment or of something in between.
 */

/** A token, as a login or a renewal gives it. */
export interface Lease {
  readonly token: string
  /** Seconds; 0: it doesn't end. */
  readonly seconds: number
  readonly renewable: boolean
}

/** The server means that: it answers so again, until somebody changes something. */
const MEANT = new Set([400, 401, 403, 404, 405])
const MAX_WORDS = 160

/** The error that a refusal stands for. `sent`: credentials that a message never repeats. */
export function refusal({ status, body }: Answer, sent: readonly string[] = []): HushfsError {
  const errors = errorsIn(body)
  const words = errors === undefined ? '' : wordsOf(errors, sent)
  const reason = `HTTP ${status}${words === '' ? '' : `, ${words}`}`
  if (status >= 300 && status < 400)
    return new UnavailableError(
      `${reason}: a redirect, which is not followed; give the address of the server itself`,
    )
  if (MEANT.has(status) && errors !== undefined) return new SourceError(reason)
  if (MEANT.has(status))
    return new UnavailableError(
      `${reason}, but not in the words of Vault or OpenBao: is it a proxy's answer?`,
    )
  return new UnavailableError(reason)
}

/** `errors` of a refusal; KV v2 answers 404 with `data` for a deleted version and with warnings for a path of KV v1. Undefined for what a server doesn't write. */
function errorsIn(body: Uint8Array): unknown[] | undefined {
  const answer = parsed(body)
  const { errors, request_id: id } = isMap(answer) ? answer : {}
  return Array.isArray(errors) ? errors : typeof id === 'string' ? [] : undefined
}

function wordsOf(errors: readonly unknown[], sent: readonly string[]): string {
  const text = errors.filter((error) => typeof error === 'string').join('; ')
  if (sent.some((credential) => text.includes(credential))) return ''
  const words = oneLine(text.replace(/\s+/g, ' ').trim())
  return words.length > MAX_WORDS ? `${words.slice(0, MAX_WORDS)}…` : words
}

/** Of a login or a renewal. */
export function leaseOf({ status, body }: Answer, sent: readonly string[]): Lease {
  if (status !== 200) throw refusal({ status, body }, sent)
  const { auth } = mapOf(body)
  const { client_token: token, lease_duration: seconds, renewable } = isMap(auth) ? auth : {}
  if (!isToken(token) || !isSeconds(seconds)) throw garbage('a login')
  return { token, seconds, renewable: renewable === true }
}

/** What a token says about itself. */
export function lookedUp({ status, body }: Answer, token: string): Lease {
  if (status !== 200) throw refusal({ status, body }, [token])
  const { data } = mapOf(body)
  const { ttl, renewable } = isMap(data) ? data : {}
  if (!isSeconds(ttl)) throw garbage('a token')
  return { token, seconds: ttl, renewable: renewable === true }
}

/** The mount that a path is in. Servers before 0.10 know neither the question nor KV v2. */
export function mountOf({ status, body }: Answer): Mount {
  if (status === 404) return { path: '', version: 1 }
  if (status !== 200) throw refusal({ status, body })
  const { data } = mapOf(body)
  const { path, type, options } = isMap(data) ? data : {}
  if (typeof path !== 'string' || typeof type !== 'string' || !/^[^\0]+\/$/.test(path))
    throw garbage('a mount')
  if (type !== 'kv' && type !== 'generic')
    throw new SourceError(`\`${oneLine(path)}\` is no KV secrets engine but ${oneLine(type)}`)
  const { version } = isMap(options) ? options : {}
  return { path, version: version === '2' ? 2 : 1 }
}

/** One version of a secret as KV v2 describes it. Two answers with the same `stamp` have the same value. */
export interface VersionFacts {
  readonly version: number
  readonly stamp: string
  /** Seconds since 1970. */
  readonly createdAt: number
  /** It was deleted, or will be at a time that only the server's clock tells. */
  readonly ends: boolean
}

/** Of the metadata beside a value. */
export function versionFacts(metadata: unknown): VersionFacts {
  const { version, created_time: created, deletion_time: ends, destroyed } = isMap(metadata) ? metadata : {}
  const createdAt = typeof created === 'string' ? Math.floor(Date.parse(created) / 1000) : Number.NaN
  if (!Number.isSafeInteger(version) || !Number.isSafeInteger(createdAt)) throw garbage('a version')
  const stamp = JSON.stringify([version, created, ends ?? '', destroyed === true])
  return { version: Number(version), stamp, createdAt: Math.max(0, createdAt), ends: (ends ?? '') !== '' }
}

/** Of the metadata of a whole secret: the current version, or the one that is asked for; undefined where it has none. */
export function factsIn({ status, body }: Answer, wanted: number | undefined): VersionFacts | undefined {
  if (status !== 200) throw refusal({ status, body })
  const { data } = mapOf(body)
  const { versions, current_version: current } = isMap(data) ? data : {}
  if (!isMap(versions) || !Number.isSafeInteger(current)) throw garbage('the versions of a secret')
  const version = wanted ?? Number(current)
  const facts = Object.hasOwn(versions, version) ? versions[version] : undefined
  return isMap(facts) ? versionFacts({ ...facts, version }) : undefined
}

/** Throws `UnavailableError` for what isn't JSON. */
function mapOf(body: Uint8Array): Record<string, unknown> {
  const value = parsed(body)
  if (!isMap(value)) throw garbage('an answer')
  return value
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'))
  } catch {
    return undefined
  }
}

/** An answer that no server gives: whatever wrote it, the server itself wasn't asked. */
export function garbage(what: string): UnavailableError {
  return new UnavailableError(`it answered something that is not ${what} of Vault or OpenBao`)
}

/** Goes into a header: printable ASCII. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[!-~]{1,8192}$/.test(value)
}

function isSeconds(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
