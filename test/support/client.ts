import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Answer, Call, Operations } from './client-process.ts'

type Result<Name extends keyof Operations> = ReturnType<Operations[Name]>

const TIMEOUT = 20_000

/**
 * A process of a test that uses the mount: it opens, reads, maps and watches files, keeps descriptors between calls, and may hang in the
 * test's stead. Calls are made one after the other; each throws the errno's name, or that it was not answered in time.
 */
export class Client {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #lastId = 0

  constructor(t: Test) {
    this.#process = fork(join(import.meta.dirname, 'client-process.ts'), {
      execArgv: ['--import=tsx'],
      serialization: 'advanced',
    })
    this.#process.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer)
      this.#waiting.delete(answer.id)
    })
    const ended = new Promise<void>((resolve) => {
      this.#process.once('exit', (code, signal) => {
        for (const [id, settle] of this.#waiting) settle({ id, error: `ended: ${code ?? signal ?? ''}` })
        resolve()
      })
    })
    t.teardown(() => {
      this.#process.kill('SIGKILL')
      return ended
    })
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  call<Name extends keyof Operations>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): Promise<Result<Name>>
  call(name: keyof Operations, ...args: unknown[]): Promise<unknown> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle({ id, error: `no answer within ${TIMEOUT / 1000} s` }), TIMEOUT)
      const settle = ({ result, error }: Answer) => {
        clearTimeout(timer)
        if (error === undefined) resolve(result)
        else reject(new Error(error))
      }
      this.#waiting.set(id, settle)
      this.#process.send({ id, name, args } satisfies Call)
    })
  }

  /** The errno that the call fails with, or `done`. */
  async outcome<Name extends keyof Operations>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): Promise<string> {
    return this.call(name, ...args).then(
      () => 'done',
      (error: unknown) => (error as Error).message,
    )
  }

  /** The whole file by open, read to the end, close. */
  async read(path: string): Promise<Buffer> {
    const fd = await this.call('open', path)
    try {
      return await this.call('content', fd)
    } finally {
      await this.call('close', fd)
    }
  }

  /** The whole file through the page cache: open, sendfile(2), close. */
  async send(path: string): Promise<Buffer> {
    const fd = await this.call('open', path)
    try {
      return await this.call('sent', fd)
    } finally {
      await this.call('close', fd)
    }
  }

  /** The whole file through the page cache: open, mmap(2), close. */
  async map(path: string): Promise<Buffer> {
    const fd = await this.call('open', path)
    try {
      return await this.call('mapped', fd)
    } finally {
      await this.call('close', fd)
    }
  }
}
