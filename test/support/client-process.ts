/** The other end of client.ts: a process that uses files as any program does, one call at a time. */
import fs from 'node:fs'
import * as syscalls from './syscalls.ts'

const MOST = 1 << 20
const EVENTS_WITHIN = 10_000

const operations = {
  open: (path: string, flags = 'r') => fs.openSync(path, flags),
  close: (fd: number) => fs.closeSync(fd),
  /** One pread(2). */
  pread: (fd: number, length: number, offset: number) => {
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, offset))
  },
  /** From the start to the end of the file, by pread(2). */
  content: (fd: number) => {
    const parts: Buffer[] = []
    for (let at = 0; ;) {
      const part = operations.pread(fd, MOST, at)
      if (part.length === 0) return Buffer.concat(parts)
      parts.push(part)
      at += part.length
    }
  },
  /** The different contents that open, read, close finds in a file, again and again until there is a file `end`. */
  contents: (path: string, end: string) => {
    const found = new Set<string>()
    while (!fs.existsSync(end)) {
      const fd = fs.openSync(path, 'r')
      found.add(operations.content(fd).toString())
      fs.closeSync(fd)
    }
    return [...found]
  },
  /** What mmap(2), PROT_READ and MAP_PRIVATE, shows of a descriptor; `length` 0 for the size that fstat tells. */
  mapped: (fd: number, length = 0) => syscalls.readMapped(fd, length || fs.fstatSync(fd).size),
  /** What sendfile(2) sends of a descriptor, from its position on. */
  sent: (fd: number) => {
    const memory = syscalls.sendToMemory(fd)
    try {
      return operations.content(memory)
    } finally {
      fs.closeSync(memory)
    }
  },
  stat: (path: string) => plain(fs.statSync(path)),
  fstat: (fd: number) => plain(fs.fstatSync(fd)),
  list: (path: string) => fs.readdirSync(path),
  watch: (path: string) => syscalls.watch(path),
  /** Waits until a watch has events; ETIMEDOUT when none come. */
  events: (watch: number) => {
    syscalls.untilReadable(watch, EVENTS_WITHIN)
    const bytes = Buffer.alloc(4096)
    return syscalls.eventNames(bytes.subarray(0, fs.readSync(watch, bytes)))
  },
  /** One call of `node:fs`, by its name. */
  fs: (name: string, ...args: unknown[]) => {
    const call = (fs as unknown as Record<string, (...args: unknown[]) => unknown>)[name]
    if (call === undefined) throw new Error(`node:fs has no ${name}`)
    call(...args)
  },
  setxattr: (path: string) => syscalls.setxattr(path, 'user.note', 'x'),
  mknod: (path: string) => syscalls.mknod(path, 0o010600, 0),
  fallocate: (fd: number) => syscalls.fallocate(fd, 4096),
  /** Become another user, for good. */
  become: (uid: number, gid: number, groups: number[]) => {
    process.setgroups?.(groups)
    process.setgid?.(gid)
    process.setuid?.(uid)
  },
}

function plain({ ino, size, mode, uid, gid, mtimeMs, nlink }: fs.Stats) {
  return { ino, size, mode, uid, gid, mtimeMs, nlink }
}

export type Operations = typeof operations
export interface Call {
  readonly id: number
  readonly name: keyof Operations
  readonly args: readonly unknown[]
}
export interface Answer {
  readonly id: number
  readonly result?: unknown
  /** An errno's name where there is one. */
  readonly error?: string
}

process.on('message', ({ id, name, args }: Call) => {
  const call = operations[name] as (...args: readonly unknown[]) => unknown
  let answer: Answer
  try {
    answer = { id, result: call(...args) }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    answer = { id, error: code ?? message }
  }
  process.send?.(answer)
})
