import { mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { folderOf, findHierarchy } from '../../src/caller/hierarchy.ts'
import { run, type Done, type RunOptions } from './process.ts'
import { setxattr } from './syscalls.ts'
import { until } from './until.ts'

let made = 0

/**
 * A cgroup as systemd makes one for a unit, on the real kernel; no systemd needs to run. It goes with the test, after the processes
 * that the test put into it.
 */
export class TestUnit {
  readonly name: string
  /** Who writes its id to this file moves into the unit. */
  readonly processes: string
  readonly #folder: string

  /** `name` may have an `@`; it is made different in each process. */
  constructor(t: Test, name = 'x.service') {
    const hierarchy = findHierarchy()
    if ('unknown' in hierarchy) throw new Error(hierarchy.unknown)
    this.name = `hushfs-test-${process.pid}-${++made}-${name}`
    this.#folder = folderOf(hierarchy, `/${this.name}`)
    this.processes = join(this.#folder, 'cgroup.procs')
    mkdirSync(this.#folder)
    t.teardown(async () => {
      await until(`${this.name} is empty`, () => readFileSync(this.processes, 'utf8') === '')
      rmdirSync(this.#folder)
    })
  }

  /** As systemd notes a start of the unit: 32 hex digits. */
  started(invocation: string): void {
    setxattr(this.#folder, 'user.invocation_id', invocation)
  }

  /** Run a program in the unit. */
  run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Done> {
    const enter = 'echo $$ > "$0" && exec "$@"'
    return run('sh', ['-c', enter, this.processes, command, ...args], options)
  }

  cat(path: string): Promise<Done> {
    return this.run('cat', ['--', path])
  }

  /** The same as a user and group, by number. */
  runAs(id: number, command: string, ...args: string[]): Promise<Done> {
    return this.run('setpriv', [`--reuid=${id}`, `--regid=${id}`, '--clear-groups', command, ...args])
  }
}
