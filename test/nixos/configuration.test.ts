/** What options become: a table of configurations, each with what it changes in the configuration file, which hushfs' own parser accepts. */
import t from 'tap'
import { acceptedByHushfs } from '../support/nix/check-config.ts'
import { viewAll } from '../support/nix/evaluate.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'

interface Row {
  /** Options of `services.hushfs`, beside an identity that its mkDefault gives. */
  readonly options: string
  /** Options beside it. */
  readonly beside?: string
  /** Keys of the document; null: there is no such key. */
  readonly document?: Readonly<Record<string, unknown>>
  /** Keys of secret `s`. */
  readonly secret?: Readonly<Record<string, unknown>>
}

const plain = 'allowPlaintext = true; secrets.s.text = "x";'
const secret = (options: string) => `allowPlaintext = true; secrets.s = { text = "x"; ${options} };`
const services = 'systemd.services = { a.script = "x"; "b@".script = "x"; };'

const rows: Readonly<Record<string, Row>> = {
  'no secret': {
    options: '',
    document: {
      mountPoint: '/run/hushfs',
      directoryMode: '0711',
      identities: ['/root/identity'],
      secrets: {},
    },
  },
  'a secret with nothing but a source': {
    options: plain,
    secret: {
      source: { text: 'x' },
      owner: 'root',
      group: 'root',
      mode: '0400',
      manager: true,
      reads: 'always',
      restartUnits: [],
      reloadUnits: [],
      units: null,
      userUnits: null,
    },
  },
  mountPoint: { options: 'mountPoint = "/run/secrets";', document: { mountPoint: '/run/secrets' } },
  directoryMode: { options: 'directoryMode = "0755";', document: { directoryMode: '0755' } },
  identityPaths: {
    options: 'identityPaths = [ "/a" "/b" ];',
    document: { identities: ['/a', '/b'] },
  },
  'the SSH host keys by default': {
    options: 'identityPaths = options.services.hushfs.identityPaths.default;',
    beside: 'services.openssh.enable = true;',
    document: { identities: ['/etc/ssh/ssh_host_rsa_key', '/etc/ssh/ssh_host_ed25519_key'] },
  },
  settings: { options: 'settings.store = "/srv/store";', document: { store: '/srv/store' } },
  'settings of a secret': {
    options: `${plain} settings.secrets.s.mode = "0440"; settings.secrets.t.source.text = "y";`,
    document: { secrets: { t: { source: { text: 'y' } } } },
  },
  sealedFile: {
    options: 'secrets.s.sealedFile = "/var/lib/hushfs/store/s.sealed";',
    secret: { source: { sealed: '/var/lib/hushfs/store/s.sealed' } },
  },
  'sealedFile in the store': {
    options: 'secrets.s.sealedFile = ./package.nix;',
    secret: { source: { sealed: /^\/nix\/store\/[a-z0-9]{32}-package\.nix$/ } },
  },
  ageFile: {
    options: 'secrets.s.ageFile = ./examples/secrets/token.age;',
    secret: { source: { age: /^\/nix\/store\/[a-z0-9]{32}-token\.age$/ } },
  },
  'a file name that is no store name': {
    options: 'secrets.s.ageFile = ../test/fixtures/agenix + "/-leading-hyphen-filename.age";',
    secret: { source: { age: /^\/nix\/store\/[a-z0-9]{32}-\S*leading-hyphen-filename\.age$/ } },
  },
  file: {
    options: 'allowPlaintext = true; secrets.s.file = "/root/s";',
    secret: { source: { file: '/root/s' } },
  },
  text: { options: plain, secret: { source: { text: 'x' } } },
  'owner, group and mode': {
    options: secret('owner = "postgres"; group = "postgres"; mode = "0440";'),
    secret: { owner: 'postgres', group: 'postgres', mode: '0440' },
  },
  'owner and group as numbers': {
    options: secret('owner = 1001; group = 1001;'),
    secret: { owner: 1001, group: 1001 },
  },
  'mode of three digits': { options: secret('mode = "640";'), secret: { mode: '640' } },
  units: {
    options: secret('units = [ "a.service" "b@*.service" "machine-*.scope" ];'),
    beside: services,
    secret: { units: ['a.service', 'b@*.service', 'machine-*.scope'] },
  },
  'units: none': { options: secret('units = [ ];'), secret: { units: [] } },
  userUnits: {
    options: secret('userUnits = [ "alice/syncthing.service" ];'),
    secret: { userUnits: ['alice/syncthing.service'], units: null },
  },
  manager: {
    options: secret('units = [ "a.service" ]; manager = false;'),
    beside: services,
    secret: { manager: false },
  },
  'reads: once': { options: secret('reads = "once";'), secret: { reads: 'once' } },
  'reads: startup': {
    options: secret('reads.startup = "30s";'),
    secret: { reads: { startup: '30s' } },
  },
  'restartUnits and reloadUnits': {
    options: secret('restartUnits = [ "a.service" ]; reloadUnits = [ "b@1.service" ];'),
    beside: services,
    secret: { restartUnits: ['a.service'], reloadUnits: ['b@1.service'] },
  },
  externalUnits: {
    options: secret('units = [ "packaged.service" ];') + 'externalUnits = [ "packaged.service" ];',
    secret: { units: ['packaged.service'] },
  },
  'what a contract requests': {
    options: secret(
      'request = { owner = "app"; group = "app"; mode = "0440"; restartUnits = [ "a.service" ]; };',
    ),
    beside: services,
    secret: { owner: 'app', group: 'app', mode: '0440', restartUnits: ['a.service'] },
  },
  'an option beats what is requested': {
    options: secret('request.owner = "app"; owner = "other";'),
    secret: { owner: 'other' },
  },
  'a service that asks for a secret': {
    options: plain,
    beside: 'systemd.services.a = { script = "x"; hushfs.secrets = [ "s" ]; };',
    secret: { units: ['a.service'] },
  },
  'a template that asks for a secret, beside a rule': {
    options: secret('units = [ "a.service" ];'),
    beside: `systemd.services = { a.script = "x"; "b@" = { script = "x"; hushfs.secrets = [ "s" ]; }; };`,
    secret: { units: ['a.service', 'b@*.service'] },
  },
}

t.test('each configuration', needsNixpkgs, async (t) => {
  const modules = Object.entries(rows).map(([name, { options, beside = '' }]) => [
    name,
    `{ lib, options, ... }: {
      services.hushfs = lib.mkMerge [ { identityPaths = lib.mkDefault [ "/root/identity" ]; } { ${options} } ];
      ${beside}
    }`,
  ])
  const views = await viewAll(Object.fromEntries(modules) as Record<string, string>)
  for (const [name, { document = {}, secret = {} }] of Object.entries(rows)) {
    const view = views[name]
    if (view === undefined) throw new Error(name)
    t.strictSame(view.failed, [], name)
    t.match(view.document, document, name)
    const { s = {} } = view.document['secrets'] as Record<string, Record<string, unknown>>
    for (const [key, expected] of Object.entries(secret)) {
      if (expected === null) t.notOk(key in s, `${name}: no ${key}`)
      else t.match(s[key], expected, `${name}: ${key}`)
    }
    await acceptedByHushfs(t, name, view.document)
  }
})
