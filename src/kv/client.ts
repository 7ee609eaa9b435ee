import { isUtf8 } from 'node:buffer'
import { SourceError, UnavailableError } from '../base/errors.ts'
import type { VaultConfig } from '../config/config.ts'
import { factsIn, garbage, refusal, versionFacts, type VersionFacts } from './answers.ts'
import { decodeString, findValue } from './json-bytes.ts'
import { Mounts } from './mounts.ts'
import { dataPath, metadataPath, type Mount } from './paths.ts'
import { Session } from './session.ts'

/** All fields of one version of a secret, for a moment. */
export interface Reading {
  /** Of KV v2: which version it is. */
  readonly facts: VersionFacts | undefined
  /** The bytes of one field, which the caller wipes. Throws `SourceError`. */
  field(name: string): Uint8Array
  wipe(): void
}

/** Reads secrets of one server, KV v1 and v2. Every error names the server: `SourceError` and `UnavailableError` as answers.ts says. */
export class VaultClient {
  readonly #config: VaultConfig
  readonly #session: Session
  readonly #mounts: Mounts

  /** `lasting`: it keeps its token alive. */
  constructor(config: VaultConfig, lasting: boolean) {
    this.#config = config
    this.#session = new Session(config, lasting)
    this.#mounts = new Mounts(this.#session)
  }

  /** Read the latest version, or a certain one. The caller wipes the reading. */
  read(path: string, version: number | undefined): Promise<Reading> {
    return this.#naming(path, async () => {
      const mount = await this.#mounts.find(path)
      if (version !== undefined && mount.version === 1)
        throw new SourceError(`KV v1 (\`${mount.path}\`) has no versions; leave out \`version\``)
      const answer = await this.#session.get(dataPath(mount, path, version))
      if (answer.status !== 200) {
        this.#mounts.forget(mount)
        throw readRefusal(answer.status, refusal(answer))
      }
      const reading = readingOf(answer.body, mount)
      const field = (name: string) => {
        try {
          return reading.field(name)
        } catch (error) {
          throw this.#named(path, error)
        }
      }
      return { ...reading, field }
    })
  }

  /**
   * Equals `facts.stamp` of a reading as long as the value is the same, and is asked for without the value. Undefined where only the value itself tells: KV v1, a
   * policy without the metadata, a version that will be deleted.
   */
  stamp(path: string, version: number | undefined): Promise<string | undefined> {
    return this.#naming(path, async () => {
      const mount = await this.#mounts.find(path)
      if (mount.version === 1) return undefined
      const answer = await this.#session.get(metadataPath(mount, path))
      if (answer.status === 403) return undefined
      const facts = factsIn(answer, version)
      // Whether a version that ends has ended is for the server's clock to say.
      return facts?.ends === false ? facts.stamp : undefined
    })
  }

  mount(path: string): Promise<Mount> {
    return this.#naming(path, () => this.#mounts.find(path))
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  async #naming<Result>(path: string, task: () => Promise<Result>): Promise<Result> {
    try {
      return await task()
    } catch (error) {
      throw this.#named(path, error)
    }
  }

  #named(path: string, error: unknown): unknown {
    const { name, address } = this.#config
    if (error instanceof SourceError)
      return new SourceError(`vault ${name}: ${path}: ${error.message}`, { cause: error })
    if (!(error instanceof UnavailableError)) return error
    return new UnavailableError(`vault ${name} (${address}): ${path}: ${error.message}`, { cause: error })
  }
}

function readRefusal(status: number, error: Error): Error {
  if (!(error instanceof SourceError)) return error
  const meaning: Record<number, string> = {
    403: 'the token is refused or its policy does not let it read this',
    404: 'there is no such secret, or the version was deleted or destroyed',
  }
  const known = meaning[status]
  return known === undefined ? error : new SourceError(`${error.message}: ${known}`, { cause: error })
}

/** Takes over `body`, and wipes it when there is no reading in it. */
export function readingOf(body: Buffer, { version }: Mount): Reading {
  const keys = version === 1 ? ['data'] : ['data', 'data']
  try {
    const facts = version === 1 ? undefined : factsOf(body)
    if (!isUtf8(body) || findValue(body, keys)?.[0] !== OPENING_BRACE) throw garbage('a secret')
    const field = (name: string) => {
      try {
        return fieldOf(body, keys, name)
      } catch (error) {
        throw meant(error)
      }
    }
    return { facts, field, wipe: () => body.fill(0) }
  } catch (error) {
    body.fill(0)
    throw meant(error)
  }
}

/** JSON that a server doesn't write, such as half a surrogate pair. */
function meant(error: unknown): unknown {
  return error instanceof SyntaxError ? garbage('a secret') : error
}

const OPENING_BRACE = 0x7b
const QUOTE = 0x22

function factsOf(body: Buffer): VersionFacts {
  const metadata = findValue(body, ['data', 'metadata'])
  if (metadata === undefined) throw garbage('a secret')
  return versionFacts(JSON.parse(Buffer.from(metadata).toString()))
}

/** A string is the bytes that it stands for; a number, boolean, list or map is its JSON as the server wrote it. */
function fieldOf(body: Buffer, keys: readonly string[], name: string): Uint8Array {
  const value = findValue(body, [...keys, name])
  if (value === undefined) throw new SourceError(`it has no field \`${name}\``)
  if (value[0] === QUOTE) return decodeString(value)
  if (Buffer.from(value).equals(NULL)) throw new SourceError(`its field \`${name}\` is null`)
  return value.slice()
}

const NULL = Buffer.from('null')
