/** Commands as sources, sops, templates and the environment of services: what becomes of them, and their mistakes. */
import t from 'tap'
import { acceptedByHushfs } from '../support/nix/check-config.ts'
import { viewAll } from '../support/nix/evaluate.ts'
import { areRefused, failByAssertion, type Mistakes } from '../support/nix/mistakes.ts'
import { needsNixpkgs } from '../support/nix/nixpkgs.ts'

const identity = 'services.hushfs.identityPaths = [ "/i" ];'
const app = 'systemd.services.app.script = "x";'
const secret = (options: string) => `services.hushfs.secrets.s = { ${options} };`
const template = (options: string) => `services.hushfs.templates.t = { ${options} };`
const sealed = (options = '') => secret(`sealedFile = "/s"; ${options}`)

/** A module, and what the configuration file has of it. */
const rows: Readonly<Record<string, readonly [string, object]>> = {
  sops: [
    secret('sopsFile = ./package.nix; key = "a/b/0"; format = "json";'),
    { secrets: { s: { source: { sops: { file: /-package\.nix$/, key: 'a/b/0', format: 'json' } } } } },
  ],
  'sops, the whole document': [
    secret('sopsFile = "/etc/app.env";'),
    { secrets: { s: { source: { sops: { file: '/etc/app.env' } } } } },
  ],
  credential: [
    secret('credentialFile = "/etc/credstore.encrypted/s";'),
    { secrets: { s: { source: { credential: { file: '/etc/credstore.encrypted/s', name: 's' } } } } },
  ],
  'credential in the store': [
    secret('credentialFile = ./package.nix; credentialName = "db"; neededForUsers = false;'),
    { secrets: { s: { source: { credential: { file: /-package\.nix$/, name: 'db' } } } } },
  ],
  exec: [
    secret(
      'exec = { command = [ "/bin/fetch" "s" ]; timeout = "30s"; refresh = "5m"; environment.A = "b"; stale = true; };',
    ),
    {
      secrets: {
        s: {
          source: {
            exec: {
              command: ['/bin/fetch', 's'],
              timeout: '30s',
              refresh: '5m',
              environment: { A: 'b' },
              stale: true,
            },
          },
        },
      },
    },
  ],
  'template, with placeholders': [
    `{ config, ... }: { ${sealed('units = [ "app.service" ];')} ${app} services.hushfs.templates.t = {
      content = "a=\${config.services.hushfs.placeholder.s} b=\${config.services.hushfs.filteredPlaceholder.json.s}";
      owner = "app";
      units = [ "app.service" ];
    }; }`,
    {
      templates: { t: { content: 'a=${hushfs:s} b=${hushfs:s|json}', owner: 'app', units: ['app.service'] } },
    },
  ],
  'template of a file': [
    `${sealed()} ${template('file = ./package.nix;')}`,
    { templates: { t: { file: /-package\.nix$/ } } },
  ],
  'the environment of a service': [
    `${sealed()} systemd.services.app = { script = "x"; hushfs.environment = { A = "s"; B = "s"; }; };`,
    {
      secrets: { s: { units: ['app.service'] } },
      templates: {
        'hushfs-environment/app': {
          content: 'A=${hushfs:s|systemd}\nB=${hushfs:s|systemd}\n',
          units: ['app.service'],
          manager: true,
        },
      },
    },
  ],
  // A template may be as strict as its secret, and a service asks for one as for a secret.
  'strict templates': [
    `${secret('sealedFile = "/s"; units = [ "app.service" ]; reads.startup = "1m";')}
     services.hushfs.templates.t = { content = "\\\${hushfs:s}"; reads.startup = "30s"; };
     systemd.services.app = { script = "x"; hushfs = { secrets = [ "t" ]; environment.A = "s"; }; };`,
    {
      templates: {
        t: { units: ['app.service'], reads: { startup: '30s' } },
        'hushfs-environment/app': { units: ['app.service'], reads: { startup: '1m' } },
      },
    },
  ],
}

const whole = (text: string) =>
  `{ imports = [ ${text.startsWith('{ config') ? `(${text})` : `{ ${text} }`} { ${identity} } ]; }`

t.test('each', needsNixpkgs, async (t) => {
  const modules = Object.entries(rows).map(([name, [text]]) => [name, whole(text)])
  const views = await viewAll(Object.fromEntries(modules) as Record<string, string>)
  for (const [name, [, document]] of Object.entries(rows)) {
    const view = views[name]
    if (view === undefined) throw new Error(name)
    t.strictSame(view.failed, [], name)
    t.match(view.document, document, name)
    await acceptedByHushfs(t, name, view.document)
  }
  t.equal(views['exec']?.services['hushfs']?.serviceConfig['PrivateNetwork'], true)
  t.match(views['strict templates']?.services, {
    app: { serviceConfig: { LoadCredential: ['t:/run/hushfs/t'] } },
  })
  t.match(views['the environment of a service']?.services, {
    app: { serviceConfig: { EnvironmentFile: ['/run/hushfs/hushfs-environment/app'] } },
    'hushfs-ready': { requiredBy: ['app.service'] },
  })
})

/** A module, and the message of its assertion. */
const mistakes: Mistakes = {
  'a name without a credential': [
    sealed('credentialName = "a";'),
    /"s": credentialName belongs to credentialFile/,
  ],
  'two files for one credential': [
    'services.hushfs.secrets = { a.credentialFile = "/a/x"; b.credentialFile = "/b/x"; };',
    /"a"\.credentialFile, services\.hushfs\.secrets\."b"\.credentialFile are different files for one credential, x/,
  ],
  'key without sopsFile': [sealed('key = "a";'), /"s": key and format belong to sopsFile/],
  'a template of nothing': [template(''), /templates\."t": set exactly one of content and file/],
  'a template and a secret on one path': [
    `${sealed()} services.hushfs.templates.s.content = "";`,
    /templates\."s" and services\.hushfs\.secrets\."s" are on one path/,
  ],
  'a secret that is not there': [
    template(String.raw`content = "\${hushfs:no}";`),
    /templates\."t": there is no services\.hushfs\.secrets\."no"/,
  ],
  'a filter that is not there': [
    `${sealed()} ${template(String.raw`content = "\${hushfs:s|jsn}";`)}`,
    /templates\."t": there is no filter jsn; there are base64, json/,
  ],
  'a template without a rule of a secret with one': [
    `${sealed('units = [ "app.service" ];')} ${app} ${template(String.raw`content = "\${hushfs:s}";`)}`,
    /templates\."t" may be read by more than services\.hushfs\.secrets\."s"/,
  ],
  'a template for another unit': [
    `${sealed('units = [ "app.service" ];')} systemd.services = { app.script = "x"; b.script = "x"; };
     ${template(String.raw`content = "\${hushfs:s}"; units = [ "b.service" ];`)}`,
    /templates\."t" may be read by more/,
  ],
  'a template that lets PID 1, and its secret does not': [
    `${sealed('units = [ "app.service" ]; manager = false;')} ${app}
     ${template(String.raw`content = "\${hushfs:s}"; units = [ "app.service" ];`)}`,
    /templates\."t" may be read by more/,
  ],
  'a template that may be read more often': [
    `${sealed('reads = "once";')} ${template(String.raw`content = "\${hushfs:s}";`)}`,
    /templates\."t" may be read by more.*reads/,
  ],
  'a template that may be read longer': [
    `${sealed('reads.startup = "1m";')} ${template(String.raw`content = "\${hushfs:s}"; reads.startup = "61s";`)}`,
    /templates\."t" may be read by more.*reads/,
  ],
  'a template with a password of users': [
    `${sealed('neededForUsers = true;')} ${template(String.raw`content = "\${hushfs:s}";`)}`,
    /templates\."t": services\.hushfs\.secrets\."s" is neededForUsers/,
  ],
  'a template for a unit that does not exist': [
    template('content = ""; units = [ "no.service" ];'),
    /templates\."t"\.units: there is no systemd\.services\."no"/,
  ],
  'a template that restarts a unit that does not exist': [
    template('content = ""; restartUnits = [ "no.service" ];'),
    /templates\."t"\.restartUnits: there is no systemd\.services\."no"/,
  ],
  'a template and a folder on one path': [
    `services.hushfs.templates = { a.content = ""; "a/b".content = ""; };`,
    /templates\."a\/b" would be in the folder a, but services\.hushfs\.templates\."a" is a file/,
  ],
  'a template whose name can not be one': [
    `services.hushfs.templates."a b".content = "";`,
    /templates\."a b": the name/,
  ],
  'links of a template and a secret on one path': [
    `${sealed('symlinks = [ "/etc/x" ];')} ${template('content = ""; symlinks = [ "/etc/x" ];')}`,
    /path \/etc\/x: services\.hushfs\.secrets\."s"\.symlinks, services\.hushfs\.templates\."t"\.symlinks/,
  ],
  'a service whose environment has a secret that is not there': [
    'systemd.services.app = { script = "x"; hushfs.environment.A = "no"; };',
    /^systemd\.services\."app"\.hushfs\.environment\."A": there is no services\.hushfs\.secrets\."no"/,
  ],
  'a variable that can not be one': [
    `${sealed()} systemd.services.app = { script = "x"; hushfs.environment."A B" = "s"; };`,
    /^systemd\.services\."app"\.hushfs\.environment\."A B" is not the name of a variable/,
  ],
  'a variable that PID 1 may not read': [
    `${sealed('manager = false;')} systemd.services.app = { script = "x"; hushfs.environment.A = "s"; };`,
    /^systemd\.services\."app"\.hushfs\.environment\."A" is read by PID 1.*"s"\.manager = false/,
  ],
}

t.test('mistakes', needsNixpkgs, async (t) => {
  const modules = Object.entries(mistakes).map(([name, [text, message]]) => [name, [whole(text), message]])
  await failByAssertion(t, Object.fromEntries(modules) as Mistakes)
})

const refused: readonly (readonly [string, string])[] = [
  ['secrets.s.format', '"toml"'],
  ['secrets.s.key', '"a//b"'],
  ['templates.t.file', '"/etc/app.template"'],
  ['secrets.s.exec.command', '[ ]'],
]

t.test('types', needsNixpkgs, (t) => areRefused(t, refused))
