import { SourceError } from '../base/errors.ts'
import type { AgeStanza } from '../identity/age-file-key.ts'
import { openSshEd25519 } from '../identity/age-ssh-ed25519.ts'
import { openSshRsa } from '../identity/age-ssh-rsa.ts'
import { openX25519 } from '../identity/age-x25519.ts'
import type { Identity } from '../identity/identity.ts'

/** Finds the file key with any of our identities. It remembers what it saw, for the message of a file that doesn't open, and the key, so that it can be wiped. */
export class Unwrapper {
  readonly #identities: readonly Identity[]
  #fileKey: Uint8Array | undefined
  #types: readonly string[] = []

  constructor(identities: readonly Identity[]) {
    this.#identities = identities
  }

  /** The recipient types of the header, each once. */
  get types(): readonly string[] {
    return this.#types
  }

  /** Undefined: no stanza is for us. */
  unwrapFileKey(stanzas: readonly AgeStanza[]): Uint8Array | undefined {
    this.#types = [...new Set(stanzas.map(({ args: [type = ''] }) => type))]
    if (this.#types.includes('scrypt')) throw passphraseEncrypted()
    for (const identity of this.#identities)
      for (const stanza of stanzas) {
        this.#fileKey = openStanza(identity, stanza)
        if (this.#fileKey !== undefined) return this.#fileKey
      }
    return undefined
  }

  wipe(): void {
    this.#fileKey?.fill(0)
  }
}

function openStanza(identity: Identity, stanza: AgeStanza): Uint8Array | undefined {
  switch (identity.kind) {
    case 'x25519':
      return openX25519(identity, stanza)
    case 'ssh-ed25519':
      return openSshEd25519(identity, stanza) ?? openX25519(identity, stanza)
    case 'ssh-rsa':
      return openSshRsa(identity, stanza)
  }
}

function passphraseEncrypted(): SourceError {
  return new SourceError('passphrase-encrypted age files are not supported: nobody is there to type it', {
    hint: 'encrypt it for a recipient: age -d FILE | age -r RECIPIENT -o NEWFILE',
  })
}
