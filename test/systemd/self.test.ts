/** `.self` and `.units`: each caller sees the tree of its own unit, and nothing of one is remembered for another. */
import t from 'tap'
import { serveHushfs } from '../support/systemd/hushfs.ts'
import { bootSystemd, service, type Started } from '../support/systemd/system.ts'

const system = await bootSystemd(t)
const mode = '0444'
await serveHushfs(system, {
  secrets: {
    'db/password': { source: { text: "foo's" }, units: ['foo.service'], mode },
    'api/token': { source: { text: "bar's" }, units: ['bar.service'], mode },
    'backup/key': { source: { text: "backup's" }, units: ['backup@*.service'], mode },
    'alice/token': { source: { text: "alice's" }, userUnits: ['alice/foo.service'], mode },
  },
})

/** Run as a service of user app. */
function as(unit: string, command: string): Promise<Started> {
  return system.oneshot(unit, ['User=app', `ExecStart=sh -c '${command}'`])
}

t.test('.self leads to the unit of whoever asks', async (t) => {
  for (const unit of ['foo.service', 'bar.service', 'foo.service', 'backup@daily.service'])
    t.equal((await as(unit, 'readlink /run/hushfs/.self')).output, `.units/${unit}\n`)
})

t.test('it shows what the unit may read, and reads it', async (t) => {
  const command = 'cd /run/hushfs/.self/ && find . -type f && cat db/password'
  t.equal((await as('foo.service', command)).output, "./db/password\nfoo's\n")
  const other = 'cd /run/hushfs/.self/ && find . -type f && cat db/password'
  t.match((await as('bar.service', other)).output, /^\.\/api\/token\n.*No such file or directory/)
})

t.test('what one unit was told is not there is there for another', async (t) => {
  t.match((await as('bar.service', 'cat /run/hushfs/.self/db/password')).output, /No such file/)
  t.equal((await as('foo.service', 'cat /run/hushfs/.self/db/password')).output, "foo's\n")
  t.match((await as('bar.service', 'cat /run/hushfs/.self/db/password')).output, /No such file/)
})

t.test('a template has one path for all of its instances', async (t) => {
  const path = '/run/hushfs/.units/backup@.service/backup/key'
  for (const instance of ['daily', 'weekly'])
    t.equal((await as(`backup@${instance}.service`, `cat ${path}`)).output, "backup's\n", instance)
  t.match(await as('foo.service', `cat ${path}`), { result: 'exit-code' })
})

t.test('the tree of another unit: not to be listed, not to be read', async (t) => {
  await as('foo.service', 'ls /run/hushfs/.units/foo.service')
  const foreign = await as('bar.service', 'ls /run/hushfs/.units/foo.service')
  t.match(foreign, { result: 'exit-code', output: /No such file|Permission denied/ })
  t.match(await as('bar.service', 'cat /run/hushfs/.units/foo.service/db/password'), { result: 'exit-code' })
})

t.test('root may list the tree of any unit, and reads nothing there', async (t) => {
  t.equal(await system.output(['ls', '/run/hushfs/.units/foo.service/db']), 'password\n')
  const { status, stderr } = await system.run(['cat', '/run/hushfs/.units/foo.service/db/password'])
  t.match({ status, stderr }, { status: 1, stderr: /Permission denied/ })
})

t.test('a caller in no unit has no .self', async (t) => {
  const { status, stderr } = await system.run(['cat', '/run/hushfs/.self/db/password'])
  t.match({ status, stderr }, { status: 1, stderr: /No such file or directory/ })
})

t.test('LoadCredential= through .self', async (t) => {
  const lines = [
    'LoadCredential=token:/run/hushfs/.self/db/password',
    'ExecStart=cat ${CREDENTIALS_DIRECTORY}/token',
  ]
  const text = service(['Type=oneshot', 'DynamicUser=yes', ...lines])
  await system.install({ 'foo.service': text, 'bar.service': text })
  t.match(await system.start('foo.service'), { result: 'success', output: "foo's\n" })
  t.match(await system.start('bar.service'), { result: 'exit-code' })
})
