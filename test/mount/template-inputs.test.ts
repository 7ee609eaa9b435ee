/** A template of a secret of a vault and of one that takes long: its readers wait for both, and get no error meanwhile. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Bao } from '../support/bao/server.ts'
import { waitingRequests } from '../support/connection.ts'
import { mounted, workFolder } from '../support/mount.ts'
import { output } from '../support/process.ts'
import { until } from '../support/until.ts'
import { needs } from '../support/without.ts'

needs(t, 'bao')

t.test('the vault answers first', async (t) => {
  const folder = workFolder(t)
  const bao = await Bao.start({ folder: join(folder, 'bao') })
  t.teardown(() => bao.stop())
  await bao.put('secret/app', { password: 'of a vault' })
  const [tokenFile, fifo] = [join(folder, 'token'), join(folder, 'fifo')]
  writeFileSync(tokenFile, bao.token)
  await output('mkfifo', [fifo])
  const config = {
    vaults: { main: { address: bao.address, auth: { tokenFile } } },
    secrets: {
      slow: { source: { exec: { command: ['/bin/cat', fifo], timeout: '1m' } } },
      vault: { source: { vault: { path: 'secret/app', field: 'password' } } },
    },
    templates: { both: { content: '${hushfs:slow} and ${hushfs:vault}' } },
  }
  const server = await mounted(t, config, { folder })
  t.equal((await server.cat('vault')).toString(), 'of a vault')
  const reading = server.cat('both')
  await until('it waits', async () => (await waitingRequests(server.place)) === 1)
  t.same((await server.status()).failing, [])
  writeFileSync(fifo, 'of a command')
  t.equal((await reading).toString(), 'of a command and of a vault')
})
