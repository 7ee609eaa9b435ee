import * as z from 'zod/mini'
import { string } from './fields.ts'

/** Leaves of the schema that concern Vault and OpenBao. */

/** As the `source` of a secret names it. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/
export const vaultName = string('the name of a vault: letters, digits, _ and -', NAME)

const ADDRESS = 'an address such as https://vault.example:8200'

export const address = string(ADDRESS, /^https?:\/\/[^\s\u0000-\u001f]+$/).check(
  z.refine(isPlainAddress, { error: `expected ${ADDRESS}, without user, query and fragment`, abort: true }),
  z.refine(isEncrypted, {
    error:
      'expected an https address: with http anyone on the way reads the secrets (only this machine itself may be http)',
  }),
)

/** Go into a header, so printable ASCII. */
export const namespace = string('a namespace such as team/app', /^[!-~]+$/)
/** Of an auth method: a part of the address, without `auth/`. */
export const mount = string(
  'the path of an auth method such as approle',
  /^(?!\.)[\w.-]+(?:\/(?!\.)[\w.-]+)*$/,
)
export const word = string('a name without spaces', /^[!-~]+$/)

/** Without segments that a URL would swallow, `.` and `..`, and without empty ones. */
export const secretPath = string(
  'a path such as kv/db, without empty parts, `.`, `..` and control characters',
  /^\/?(?!\.{1,2}(?:\/|$))[^/\u0000-\u001f\u007f]+(?:\/(?!\.{1,2}(?:\/|$))[^/\u0000-\u001f\u007f]+)+\/?$/,
)

export const field = string('the name of a field', /^[^\u0000-\u001f\u007f]+$/)

const VERSION = 'expected the number of a version, from 1'
export const version = z.int({ error: VERSION }).check(z.gte(1, { error: VERSION }))

function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return url.username + url.password + url.search + url.hash === ''
}

function isEncrypted(text: string): boolean {
  const url = new URL(text)
  return url.protocol === 'https:' || isThisMachine(url.hostname)
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
