import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const built = join(root, '.cache/bench')

/** Programs that bench/run built, and what the peers need. */
export const paths = {
  root,
  results: join(root, 'bench/results'),
  report: join(root, 'bench/RESULTS.md'),
  hushfs: join(root, 'dist/hushfs.js'),
  client: join(built, 'open-read-close'),
  firstRead: join(built, 'first-read'),
  parallelReaders: join(built, 'parallel-readers'),
  variants: join(built, 'variants'),
  profiles: join(built, 'profiles'),
  sops: join(root, '.cache/sops/sops'),
  libfusePeer: join(built, 'libfuse-secret'),
  fuseNativePeer: join(root, 'bench/peers/fuse-native.mjs'),
  fuseNativeAddon: join(
    root,
    `bench/peers/node_modules/fuse-native/prebuilds/linux-${process.arch}/node.napi.node`,
  ),
  /** Folder of the libfuse.so.2 that fuse-native's addon is linked with. */
  fuseNativeLibraries: join(built, 'lib'),
} as const
