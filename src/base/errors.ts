/**
 * Every error that hushfs raises on purpose. Each class has one stable `code`; `exitStatus` turns a code into
 * the exit status of the command line and `vfs/errno-for` into an errno. A message never holds a secret.
 */
export type ErrorCode =
  | 'ERR_USAGE'
  | 'ERR_CONFIG'
  | 'ERR_IDENTITY'
  | 'ERR_SOURCE'
  | 'ERR_UNAVAILABLE'
  | 'ERR_SEALED'
  | 'ERR_STORE'
  | 'ERR_MOUNT'
  | 'ERR_SYSTEM'
  | 'ERR_PROTOCOL'
  | 'ERR_INTERRUPTED'

export interface ErrorDetail {
  /** What the person can do about it, one sentence. */
  readonly hint?: string
  readonly cause?: unknown
  /** None of the identities at hand fits; one that is missing might. */
  readonly noIdentity?: boolean
}

export class HushfsError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly noIdentity: boolean

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, 'cause' in detail ? { cause: detail.cause } : {})
    this.name = new.target.name
    this.code = code
    this.hint = detail.hint
    this.noIdentity = detail.noIdentity ?? false
  }
}

/** Wrong words on the command line. */
export class UsageError extends HushfsError {
  constructor(message: string, detail?: ErrorDetail) {
    super('ERR_USAGE', message, detail)
  }
}

/** A place in a configuration file; line and column count from 1. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number
  /** Path of the key, as `secrets."db/password".mode`. */
  readonly key?: string
}

/** A configuration that can't be used; the message starts with `file:line:column: key:`. */
export class ConfigError extends HushfsError {
  readonly place: Place

  constructor(place: Place, problem: string, detail?: ErrorDetail) {
    super('ERR_CONFIG', `${describePlace(place)}: ${problem}`, detail)
    this.place = place
  }
}

function describePlace(place: Place): string {
  const where = [place.file, place.line, place.column].filter((part) => part !== undefined).join(':')
  return place.key === undefined ? where : `${where}: ${place.key}`
}

/** A private or public key that can't be read or used. */
export class IdentityError extends HushfsError {
  constructor(message: string, detail?: ErrorDetail) {
    super('ERR_IDENTITY', message, detail)
  }
}

/** The source of one secret can't be opened: missing, corrupt, or no identity fits. */
export class SourceError extends HushfsError {
  constructor(message: string, detail?: ErrorDetail) {
    super('ERR_SOURCE', message, detail)
  }
}

/** The source can't be asked now and may be later: a server that doesn't answer, a file that isn't there yet. What it said last may be kept. */
export class UnavailableError extends HushfsError {
  constructor(message: string, detail?: ErrorDetail) {
    super('ERR_UNAVAILABLE', message, detail)
  }
}

/** A sealed file that is malformed or doesn't authenticate. */
export class SealedError extends HushfsError {
  constructor(message: string, detail?: ErrorDetail) {
    super('ERR_SEALED', message, detail)
  }
}

/** The store of sealed files can't do what was asked. */
export class StoreError extends HushfsError {
  constructor(message: string, detail?: ErrorDetail) {
    super('ERR_STORE', message, detail)
  }
}

/** A mount point that can't be used, or a mount that isn't there. */
export class MountError extends HushfsError {
  constructor(message: string, detail?: ErrorDetail) {
    super('ERR_MOUNT', message, detail)
  }
}

/** Bytes from another process (kernel or unseal child) that don't follow the protocol. */
export class ProtocolError extends HushfsError {
  constructor(message: string, detail?: ErrorDetail) {
    super('ERR_PROTOCOL', message, detail)
  }
}

/** A system call that failed; `errno` is positive, `syscall` as in its man page. */
export class SystemError extends HushfsError {
  readonly errno: number
  readonly syscall: string

  constructor(syscall: string, errno: number, reason: string, detail?: ErrorDetail) {
    super('ERR_SYSTEM', `${syscall}: ${reason}`, detail)
    this.errno = errno
    this.syscall = syscall
  }
}

/** The person pressed Ctrl-C. */
export class InterruptedError extends HushfsError {
  constructor() {
    super('ERR_INTERRUPTED', 'interrupted')
  }
}

/** Exit status of a command that ends with this error (product contract: 1 failed, 2 usage or configuration). */
export function exitStatus(error: unknown): 1 | 2 {
  const code = error instanceof HushfsError ? error.code : undefined
  return code === 'ERR_USAGE' || code === 'ERR_CONFIG' ? 2 : 1
}

/** The reason in one line, for a log or for `status`: no stack, no cause. */
export function reasonOf(error: unknown): string {
  if (error instanceof HushfsError) return error.message
  if (isNodeError(error)) return describeNodeError(error)
  return error instanceof Error ? `unexpected ${error.name}` : 'unexpected error'
}

/** An error of Node's own system calls (`ENOENT`, ...). */
export function isNodeError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error
}

function describeNodeError(error: NodeJS.ErrnoException): string {
  const known: Record<string, string> = {
    ENOENT: 'no such file',
    EACCES: 'permission denied',
    EPERM: 'not permitted',
    EISDIR: 'is a directory',
    ENOTDIR: 'part of the path is not a directory',
    ENOSPC: 'no space left',
    EROFS: 'read-only file system',
    ELOOP: 'too many symbolic links',
  }
  const reason = known[error.code ?? ''] ?? error.code ?? 'failed'
  return error.path === undefined ? reason : `${error.path}: ${reason}`
}
