import { join } from 'node:path'
import { readBoundedFile } from '../base/bounded-file.ts'
import { isNodeError, SourceError, UnavailableError } from '../base/errors.ts'
import type { CredentialSpec } from '../config/config.ts'
import { CommandError, findProgram, runCommand, SEARCH_PATH } from './command.ts'
import { denied, explained, isDenied, nullKey } from './credential-errors.ts'
import { MAX_SECRET_BYTES, type Source } from './source.ts'
import { CREDENTIAL_TIMEOUT } from './waiting.ts'

/** Base64 of CREDENTIAL_ENCRYPTED_SIZE_MAX, 1 MiB and 128 KiB (creds-util.h), with its line ends. */
const MAX_FILE_BYTES = 2 * MAX_SECRET_BYTES
/** First bytes of a file that is encrypted with no key: CRED_AES256_GCM_BY_NULL in systemd's creds-util.h, in base64. */
const NULL_KEY = Buffer.from('BYRp2vb1QySABUnaD46i+w==', 'base64')
/** What a unit's SetCredential= may give in place of a file that isn't there, for which systemd wouldn't start the service. */
const STAND_IN = Buffer.from('hushfs-stand-in')
const STDERR_BYTES = 4096

/**
 * A file of `systemd-creds encrypt`, opened by `systemd-creds decrypt`. Without privilege that needs systemd's leave (polkit), so what systemd has
 * loaded for the service under that name (LoadCredentialEncrypted=) comes first.
 */
export const credentialSource: Source<CredentialSpec> = {
  async open(spec) {
    const loaded = readLoaded(spec.name)
    if (loaded !== undefined) return loaded
    const file = readBoundedFile(spec.file, MAX_FILE_BYTES, (message, cause) =>
      isWithoutPrivilege() && isNodeError(cause) && cause.code === 'EACCES'
        ? denied(spec)
        : fail(message, cause),
    )
    try {
      if (!spec.allowNull && isNullKey(file)) throw nullKey(spec)
      return await decrypt(spec, file)
    } finally {
      file.fill(0)
    }
  },
}

/** What the service manager has decrypted for a service without privilege; undefined: nothing by that name. */
function readLoaded(name: string): Uint8Array | undefined {
  const folder = process.env['CREDENTIALS_DIRECTORY']
  if (folder === undefined || !isWithoutPrivilege()) return undefined
  try {
    const value = readBoundedFile(join(folder, name), MAX_SECRET_BYTES, fail)
    return STAND_IN.equals(value) ? undefined : value
  } catch (error) {
    const { cause } = error as SourceError
    if (isNodeError(cause) && cause.code === 'ENOENT') return undefined
    throw error
  }
}

function isWithoutPrivilege(): boolean {
  return process.geteuid?.() !== 0
}

function fail(message: string, cause?: unknown): SourceError {
  return new SourceError(message, { cause })
}

/** Older releases decrypt such a file without asking, so it is found out here. */
function isNullKey(file: Uint8Array): boolean {
  const start = Buffer.from(Buffer.from(file.subarray(0, 64)).toString('latin1'), 'base64')
  return start.subarray(0, NULL_KEY.length).equals(NULL_KEY)
}

async function decrypt(spec: CredentialSpec, file: Uint8Array): Promise<Uint8Array> {
  let first = await systemdCreds(spec, file, spec.allowNull ? ['--allow-null'] : [])
  // Releases that don't have it (before 256) ask for no leave.
  if ('said' in first && /unrecognized option/.test(first.said)) first = await systemdCreds(spec, file, [])
  if (first instanceof Uint8Array) return first
  if (!isWithoutPrivilege() || !isDenied(first.said)) throw explained(spec, first.said)
  // Encrypted for this user (--uid=), it needs nobody's leave.
  const second = await systemdCreds(spec, file, ['--user'])
  if (second instanceof Uint8Array) return second
  throw denied(spec)
}

/** The plaintext, or what systemd-creds said against it. */
async function systemdCreds(
  { file, name }: CredentialSpec,
  input: Uint8Array,
  flags: readonly string[],
): Promise<Uint8Array | { readonly said: string }> {
  const program = findProgram('systemd-creds')
  if (program === undefined)
    throw new SourceError(`${file}: there is no systemd-creds in ${SEARCH_PATH.join(':')}`, {
      hint: 'a credential needs systemd 250 or newer on this host',
    })
  let said = ''
  try {
    return await runCommand({
      program,
      args: ['decrypt', `--name=${name}`, '--newline=no', ...flags, '-', '-'],
      // Messages in English, and none with colours.
      environment: { LC_ALL: 'C', SYSTEMD_LOG_COLOR: '0', SYSTEMD_LOG_TARGET: 'console' },
      input,
      timeout: CREDENTIAL_TIMEOUT,
      onStderr: (piece) => {
        said = (said + piece.toString('latin1')).slice(-STDERR_BYTES)
      },
    })
  } catch (error) {
    if (error instanceof SourceError)
      throw new SourceError(`${file}: systemd-creds: ${error.message}`, { cause: error })
    if (!(error instanceof CommandError)) throw error
    if (error.late || said === '')
      throw new UnavailableError(`${file}: systemd-creds: ${error.message}`, { cause: error })
    return { said }
  }
}
