import { SourceError } from '../base/errors.ts'
import { garbage, mountOf } from './answers.ts'
import { mountQuestion, within, type Mount } from './paths.ts'
import type { Session } from './session.ts'

/** Whoever asks for a path near one that is being asked for waits so long for that answer, then asks itself. Milliseconds. */
const PATIENCE = 1_000

/** Which mount a path is in, as the `kv` command finds it out, asked once for all paths of a mount. */
export class Mounts {
  readonly #session: Session
  readonly #known = new Map<string, Mount>()
  /** By the first part of the path. */
  readonly #asked = new Map<string, Promise<unknown>>()

  constructor(session: Session) {
    this.#session = session
  }

  /** Throws as answers.ts says. */
  async find(path: string): Promise<Mount> {
    const known = this.#lookUp(path)
    if (known !== undefined) return known
    const [start = ''] = path.split('/', 1)
    const asked = this.#asked.get(start)
    if (asked !== undefined) {
      await settledWithin(asked, PATIENCE)
      const found = this.#lookUp(path)
      if (found !== undefined) return found
    }
    const question = this.#ask(path)
    if (asked === undefined) {
      this.#asked.set(start, question)
      question.catch(() => undefined).finally(() => this.#asked.delete(start))
    }
    return question
  }

  /** Ask again next time: the mount may have been replaced by one of another version. */
  forget(mount: Mount): void {
    this.#known.delete(mount.path)
  }

  #lookUp(path: string): Mount | undefined {
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      const mount = this.#known.get(path.slice(0, end + 1))
      if (mount !== undefined) return mount
    }
    return this.#known.get('')
  }

  async #ask(path: string): Promise<Mount> {
    const mount = mountOf(await this.#session.get(mountQuestion(path)))
    if (!`${path}/`.startsWith(mount.path)) throw garbage('a mount of this path')
    if (within(mount, path) === undefined)
      throw new SourceError(`the path names a mount, \`${mount.path}\`, and no secret in it`)
    this.#known.set(mount.path, mount)
    return mount
  }
}

function settledWithin(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    promise.then(done, done)
  })
}
