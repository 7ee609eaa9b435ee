'use strict'

// Folder of src -> folders that it may import besides itself (ARCHITECTURE.md, the tree). What isn't listed may import nothing.
const all = 'base sys crypto identity sealed config kv audit fuse caller policy sources vault vfs daemon'
const mayImport = {
  base: '',
  sys: 'base',
  crypto: 'base',
  identity: 'base crypto',
  sealed: 'base sys crypto identity',
  config: 'base',
  kv: 'base config',
  audit: 'base',
  fuse: 'base sys',
  caller: 'base sys',
  policy: 'base caller',
  sources: 'base sys crypto identity sealed config kv',
  vault: 'base crypto',
  vfs: 'base fuse caller policy audit vault',
  daemon: all,
  cli: all,
}

const folders = Object.keys(mayImport)
const within = (names) => `^src/(${names.join('|')})/`

const folderRules = Object.entries(mayImport).map(([folder, others]) => ({
  name: `${folder}-imports`,
  severity: 'error',
  from: { path: within([folder]) },
  to: { path: '^src/', pathNot: within([folder, ...others.split(' ').filter(Boolean)]) },
}))

const rules = [
  {
    name: 'every-folder-has-a-rule',
    from: { path: '^src/', pathNot: within(folders) },
    to: {},
  },
  { name: 'no-cycles', from: { path: '^src/' }, to: { circular: true } },
  {
    name: 'koffi-only-in-sys',
    from: { path: '^src/', pathNot: '^src/sys/' },
    to: { path: '(^|/)koffi(/|$)' },
  },
  {
    name: 'wire-is-pure',
    from: { path: '^src/fuse/wire/' },
    to: { pathNot: '^src/(fuse/wire|base)/' },
  },
  {
    name: 'policy-is-pure',
    from: { path: '^src/policy/' },
    to: { dependencyTypes: ['core', 'npm'] },
  },
  {
    name: 'sodium-only-in-crypto',
    from: { path: '^src/', pathNot: '^src/crypto/' },
    to: { path: '(^|/)libsodium-wrappers(/|$)' },
  },
  // What serves has no code that opens private keys or sources; the interface of a source is types and a limit.
  {
    name: 'the-fuse-worker-opens-nothing',
    from: { path: '^src/daemon/fuse-worker[.]ts$' },
    to: {
      path: '^src/(identity|sealed|sources|config|kv)/',
      pathNot: '^src/(sources/source|identity/identity|config/config)[.]ts$',
      reachable: true,
    },
  },
  // What talks to the network can't open a private key or a store.
  {
    name: 'the-fetch-child-has-no-private-key',
    from: { path: '^src/daemon/fetch[.]ts$' },
    to: {
      path: '^src/(identity|sealed|sources|fuse|cli)/',
      pathNot: '^src/(sources/source|identity/identity)[.]ts$',
      reachable: true,
    },
  },
  { name: 'src-imports-no-tests', from: { path: '^src/' }, to: { path: '^(test|bench)/' } },
  { name: 'resolvable', from: { path: '^src/' }, to: { couldNotResolve: true } },
].map((rule) => ({ severity: 'error', ...rule }))

module.exports = {
  forbidden: [...folderRules, ...rules],
  options: { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true },
}
