import { X509Certificate } from 'node:crypto'
import { userInfo } from 'node:os'
import { createSecureContext, type SecureContext } from 'node:tls'
import { readBoundedFile } from '../base/bounded-file.ts'
import { UnavailableError } from '../base/errors.ts'
import type { VaultAuth, VaultConfig } from '../config/config.ts'
import { isToken } from './answers.ts'

/** What the files of one `auth` say, at this moment: they rotate, so they are read at each login. Throws `UnavailableError` that names the file. */

const MAX_FILE_BYTES = 1 << 18

/** A login as the server's API takes it. */
export interface Login {
  /** Below /v1/. */
  readonly path: string
  readonly body: Readonly<Record<string, string>>
  /** What no message may repeat. */
  readonly sent: readonly string[]
}

/** The token of a file, or the request that gets one. */
export function credentialsOf(auth: VaultAuth): { readonly token: string } | { readonly login: Login } {
  switch (auth.kind) {
    case 'token': {
      const token = textOf(auth.tokenFile)
      if (!isToken(token)) throw new UnavailableError(`${auth.tokenFile}: it holds no token`)
      return { token }
    }
    case 'approle': {
      const role_id = 'roleId' in auth ? auth.roleId : textOf(auth.roleIdFile)
      const secret_id = textOf(auth.secretIdFile)
      return login(auth.mount, { role_id, secret_id }, [secret_id])
    }
    case 'cert':
      return login(auth.mount, auth.role === undefined ? {} : { name: auth.role }, [])
    case 'jwt': {
      const jwt = textOf(auth.jwtFile)
      return login(auth.mount, { role: auth.role, jwt }, [jwt])
    }
  }
}

function login(mount: string, body: Login['body'], sent: string[]): { readonly login: Login } {
  return { login: { path: `auth/${mount}/login`, body, sent } }
}

/** What TLS needs: the authorities that the server's certificate is checked with, and a client's own certificate. Undefined: an http address. */
export function secureContextOf({ address, auth, caFile }: VaultConfig): SecureContext | undefined {
  if (!address.startsWith('https:')) return undefined
  const ca = caFile === undefined ? {} : { ca: certificatesOf(caFile) }
  if (auth.kind !== 'cert') return createSecureContext(ca)
  const cert = certificatesOf(auth.certFile)
  const key = bytesOf(auth.keyFile)
  try {
    return createSecureContext({ ...ca, cert, key })
  } catch (cause) {
    const files = `${auth.certFile} and ${auth.keyFile}`
    throw new UnavailableError(`${files}: no certificate with its private key, in PEM`, { cause })
  } finally {
    key.fill(0)
  }
}

function certificatesOf(file: string): Buffer {
  const bytes = bytesOf(file)
  try {
    new X509Certificate(bytes)
    return bytes
  } catch (cause) {
    throw new UnavailableError(`${file}: it holds no certificate in PEM`, { cause })
  }
}

function textOf(file: string): string {
  const bytes = bytesOf(file)
  try {
    const text = bytes.toString('utf8').trim()
    if (text === '') throw new UnavailableError(`${file}: it is empty`)
    return text
  } finally {
    bytes.fill(0)
  }
}

function bytesOf(file: string): Buffer {
  return readBoundedFile(file, MAX_FILE_BYTES, (message, cause) => {
    return new UnavailableError(`${message} (read as ${userName()})`, { cause })
  })
}

/** A dynamic user of systemd has no entry in /etc/passwd. */
function userName(): string {
  try {
    return `user ${userInfo().username}`
  } catch {
    return `user ${process.geteuid?.() ?? 'unknown'}`
  }
}
