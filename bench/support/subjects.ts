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
  {
    id: 'hushfs',
    title: 'hushfs, TypeScript',
    async serve(folder, value, processor, cleanup) {
      const store = `${folder}.store`
      mkdirSync(store)
      const config = await makeStore(store, new Map([['secret', value]]))
      return mounted(folder, processor, cleanup, {
        command: [process.execPath, paths.hushfs, 'mount', '--config', config, folder],
      })
    },
  },
]

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
