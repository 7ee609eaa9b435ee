import { SourceError } from '../base/errors.ts'
import { oneLine } from '../base/log.ts'
import type { CredentialSpec } from '../config/config.ts'

/** What systemd-creds says, in words about the file. Its own messages are in systemd's creds-util.c, and have no byte of a value. */
type Explanation = readonly [
  said: RegExp,
  words: (match: RegExpExecArray, spec: CredentialSpec) => readonly [message: string, hint?: string],
]

const explanations: readonly Explanation[] = [
  [
    /Embedded credential name '([^'\n]*)' does not match/,
    ([, embedded = ''], { name }) => [
      `it is the credential \`${oneLine(embedded)}\`, not \`${name}\``,
      'give the name that it was encrypted with: {credential: {file: FILE, name: NAME}}',
    ],
  ],
  [
    /NameMismatch|[Nn]ame .*doesn't match/,
    (_, { name }) => [
      `it was not encrypted with the name \`${name}\``,
      'give the name that it was encrypted with: {credential: {file: FILE, name: NAME}}',
    ],
  ],
  [/time passed|TimeMismatch|[Ee]xpired/, () => ['its time (--not-after=) has passed', 'encrypt it again']],
  [
    /local credential key: No such file/,
    () => [
      'this host has no key that opens it (/var/lib/systemd/credential.secret): it was encrypted on another host',
      'encrypt it on this host: systemd-creds encrypt INPUT FILE',
    ],
  ],
  [
    /scoped to a user|BadScope/,
    () => ['it was encrypted for one user (--uid=)', 'encrypt it without --uid='],
  ],
  [
    /incorrect key|BadFormat|Bad message/,
    () => [
      'it was encrypted on another host, or is damaged',
      'encrypt it on this host: systemd-creds encrypt INPUT FILE',
    ],
  ],
  [/too short|read encrypted credential data/, () => ['it is no credential of systemd-creds, or cut short']],
]

/** Why a credential doesn't open, from what systemd-creds wrote to standard error. */
export function explained(spec: CredentialSpec, said: string): SourceError {
  if (isDenied(said)) return denied(spec)
  for (const [pattern, words] of explanations) {
    const match = pattern.exec(said)
    if (match === null) continue
    const [message, hint] = words(match, spec)
    return new SourceError(`${spec.file}: ${message}`, hint === undefined ? {} : { hint })
  }
  const last = said.trim().split('\n').at(-1) ?? ''
  return new SourceError(`${spec.file}: systemd-creds: ${oneLine(last).slice(0, 200)}`)
}

/** Only root has the host's key; systemd decrypts for others since release 256, if polkit lets them. */
export function isDenied(said: string): boolean {
  return /PermissionDenied|Permission denied|InteractiveAuthenticationRequired|Access denied/.test(said)
}

export function denied({ file, name }: CredentialSpec): SourceError {
  return new SourceError(
    `${file}: systemd doesn't decrypt it for a service without privilege; the service of hushfs needs LoadCredentialEncrypted=${name}:${file}`,
    { hint: 'or a polkit rule that lets its user do io.systemd.credentials.decrypt (systemd 256)' },
  )
}

export function nullKey({ file }: CredentialSpec): SourceError {
  return new SourceError(`${file}: it is encrypted with no key at all, so anyone could have written it`, {
    hint: 'encrypt it with a key (systemd-creds --with-key=host), or accept it: {credential: {file: FILE, allowNull: true}}',
  })
}
