import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'
import { paths } from './paths.ts'
import { startServer, unmount, type ServerCommand } from './server.ts'
import { makeStore } from './store.ts'

/** One way to serve a secret as a file. */
export interface Subject {
  readonly id: string
  readonly title: string
  /** Why it can't run on this machine. */
  missing?(): string | undefined
  /** Mounts below the empty folder, serves `value`, and resolves to the path to read it at. */
  serve(folder: string, value: Uint8Array, processor: number | undefined, cleanup: Cleanup): Promise<string>
}

/** How `hushfs mount` is run. */
export interface HushfsOptions {
  /** The built program; that of this tree when left out. */
  readonly program?: string
  /** Of Node. */
  readonly flags?: readonly string[]
  /** Further keys of the configuration. */
  readonly keys?: Readonly<Record<string, unknown>>
  /** The unit rule of the secret. */
  readonly units?: readonly string[]
}

/** The one that ratios refer to. */
export const BASELINE = 'libfuse'

export const subjects: readonly Subject[] = [
  {
    id: 'tmpfs',
    title: 'tmpfs (no server)',
    serve(folder, value, _processor, cleanup) {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
      cleanup.defer(() => unmount(folder))
      const file = join(folder, 'secret')
      writeFileSync(file, value)
      return Promise.resolve(file)
    },
  },
  {
    id: BASELINE,
    title: 'libfuse, C',
    serve: (folder, value, processor, cleanup) =>
      mounted(folder, processor, cleanup, {
        command: [paths.libfusePeer, '-f', '-s', '-o', 'allow_other,default_permissions', folder],
        input: value,
      }),
  },
  {
    id: 'fuse-native',
    title: 'fuse-native, JavaScript',
    missing: () =>
      existsSync(paths.fuseNativeAddon) ? undefined : `fuse-native has no prebuilt addon for ${process.arch}`,
    serve: (folder, value, processor, cleanup) =>
      mounted(folder, processor, cleanup, {
        command: [process.execPath, paths.fuseNativePeer, folder],
        input: value,
        environment: { LD_LIBRARY_PATH: paths.fuseNativeLibraries },
      }),
  },
  hushfs('hushfs', 'hushfs, TypeScript'),
]

/** What serves many readers at once. */
export const parallelSubjects: readonly Subject[] = [
  ...subjects.filter(({ id }) => id === 'tmpfs'),
  {
    id: 'libfuse-threads',
    title: 'libfuse, C, threads',
    serve: (folder, value, processor, cleanup) =>
      mounted(folder, processor, cleanup, {
        command: [paths.libfusePeer, '-f', '-o', 'allow_other,default_permissions', folder],
        input: value,
      }),
  },
  ...subjects.filter(({ id }) => id === BASELINE),
  {
    id: 'gocryptfs',
    title: 'gocryptfs, Go',
    missing: () => missingCommand('gocryptfs'),
    serve: serveGocryptfs,
  },
  ...subjects.filter(({ id }) => id === 'hushfs'),
]

/** This project; `id` is also the name of what it serves. */
export function hushfs(id: string, title: string, options: HushfsOptions = {}): Subject {
  const { program = paths.hushfs, flags = [], keys = {}, units } = options
  return {
    id,
    title,
    async serve(folder, value, processor, cleanup) {
      const store = `${folder}.store`
      mkdirSync(store)
      const rules = new Map(units === undefined ? [] : [['secret', units]])
      const config = await makeStore(store, new Map([['secret', value]]), rules, keys)
      return mounted(folder, processor, cleanup, {
        command: [process.execPath, ...flags, program, 'mount', '--config', config, folder],
      })
    },
  }
}

/** Why a command can't be run; undefined: it is on PATH. */
export function missingCommand(name: string): string | undefined {
  const found = (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, name)))
  return found ? undefined : `there is no ${name} on PATH`
}

/** As people mount it: the kernel's page cache stays on. */
async function serveGocryptfs(
  folder: string,
  value: Uint8Array,
  processor: number | undefined,
  cleanup: Cleanup,
): Promise<string> {
  const cipher = `${folder}.cipher`
  const password = `${folder}.password`
  mkdirSync(cipher)
  writeFileSync(password, 'bench\n')
  execFileSync('gocryptfs', ['-init', '-quiet', '-scryptn', '10', '-passfile', password, cipher])
  const file = await mounted(folder, processor, cleanup, {
    command: ['gocryptfs', '-fg', '-quiet', '-allow_other', '-passfile', password, cipher, folder],
  })
  writeFileSync(file, value)
  return file
}

async function mounted(
  folder: string,
  processor: number | undefined,
  cleanup: Cleanup,
  server: Omit<ServerCommand, 'mountPoint' | 'processor'>,
): Promise<string> {
  const pinning = processor === undefined ? {} : { processor }
  await startServer({ ...server, ...pinning, mountPoint: folder }, cleanup)
  return join(folder, 'secret')
}
