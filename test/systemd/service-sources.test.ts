/** Sources in the systemd service, whose server has no privilege: commands, templates, and credentials that systemd loads for it. */
import { readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import t from 'tap'
import { configFile, installedService, place, UNIT } from '../support/systemd/service.ts'
import { until } from '../support/until.ts'

for (const suite of ['trixie', 'bookworm'] as const) {
  t.test(suite, async (t) => {
    const service = await installedService(t, { suite })
    const { system } = service
    const credential = '/etc/credstore.encrypted/api-key'
    await system.output(['mkdir', '-p', '/etc/credstore.encrypted'])
    await system.output(['systemd-creds', 'encrypt', '--with-key=host', '-', credential], {
      input: 'from a credential',
    })
    await service.set('sealed', 'from a sealed file', '--unit', 'app.service')
    const config = load(readFileSync(system.path(configFile), 'utf8')) as { secrets: object }
    const exec = { source: { exec: { command: ['/bin/sh', '-c', 'printf "from a command of "; id -un'] } } }
    const secrets = { ...config.secrets, exec, 'api-key': { source: { credential } } }
    const templates = {
      'app.env': {
        content: 'A=${hushfs:sealed|systemd}\nB=${hushfs:exec|systemd}\n',
        units: ['app.service'],
      },
      'with/credential': { content: '<${hushfs:api-key}>' },
    }
    system.write(configFile, JSON.stringify({ ...config, secrets, templates }))
    await service.start()

    await t.test('commands run as the server does, and templates are made', async (t) => {
      t.equal(await service.cat('exec'), 'from a command of hushfs-server\n')
      const app = await system.oneshot('app.service', [
        `EnvironmentFile=${place}/app.env`,
        // The journal of 252 now and then loses whose line it was, of a process that ends so soon.
        'StandardOutput=truncate:/run/printed',
        'ExecStart=/usr/bin/printenv A B',
      ])
      t.match(app, { result: 'success' })
      const printed = await system.output(['cat', '/run/printed'])
      t.equal(printed, 'from a sealed file\nfrom a command of hushfs-server\n\n')
    })

    await t.test('a credential needs a line of the unit, and the message is that line', async (t) => {
      const reasons = async () => JSON.stringify(await service.status())
      const wanted = `the service of hushfs needs LoadCredentialEncrypted=api-key:${credential}`
      await until('it has failed', async () => (await reasons()).includes(wanted))
      t.match((await system.run(['cat', `${place}/api-key`])).stderr, 'Input/output error')
      t.match((await system.run(['cat', `${place}/with/credential`])).stderr, 'Input/output error')
      const line = /LoadCredentialEncrypted=[^\s";]+/.exec(await reasons())?.[0] ?? ''
      system.write(`/etc/systemd/system/${UNIT}.d/credentials.conf`, `[Service]\n${line}\n`)
      await service.systemctl('daemon-reload')
      await service.systemctl('restart', UNIT)
      t.equal(await service.cat('api-key'), 'from a credential')
      t.equal(await service.cat('with/credential'), '<from a credential>')
    })
  })
}
