/** Who watches a file, or has it bind-mounted into a container, learns that its value changed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { Client } from '../support/client.ts'
import { mounted, workFolder } from '../support/mount.ts'
import { output } from '../support/process.ts'

const withToken = (text: string, rest: object = {}) => ({
  secrets: { token: { source: { text }, ...rest }, other: { source: { text: 'same' } } },
})

t.test('a watcher of the file gets DELETE_SELF when the value changes', async (t) => {
  const server = await mounted(t, withToken('first'))
  const [watcher, reader] = [new Client(t), new Client(t)]
  const watch = await watcher.call('watch', server.path('token'))
  const events = watcher.call('events', watch)

  await server.reloaded(withToken('second'))

  t.match(await events, ['DELETE_SELF'])
  const again = await watcher.call('watch', server.path('token'))
  const next = watcher.call('events', again)
  t.equal((await reader.read(server.path('token'))).toString(), 'second')
  await server.reloaded(withToken('third'))
  t.match(await next, ['DELETE_SELF'], 'and again after it watches the new one')
})

t.test('a watcher of a removed file gets DELETE_SELF', async (t) => {
  const server = await mounted(t, withToken('first'))
  const watcher = new Client(t)
  const watch = await watcher.call('watch', server.path('token'))
  const events = watcher.call('events', watch)
  await server.reloaded({ secrets: { other: { source: { text: 'same' } } } })
  t.match(await events, ['DELETE_SELF'])
})

t.test('a watcher of an unchanged file hears nothing of the change of another', async (t) => {
  const server = await mounted(t, withToken('first'))
  const watcher = new Client(t)
  const both = await watcher.call('watch', server.path('other'))
  await server.reloaded(withToken('second'))
  await server.reloaded({ secrets: { token: { source: { text: 'second' } } } })
  t.strictSame((await watcher.call('events', both)).slice(0, 1), ['DELETE_SELF'])
})

t.test('a bind mount of the file shows the new value', async (t) => {
  const server = await mounted(t, withToken('first'))
  const folder = workFolder(t)
  const target = join(folder, 'token')
  writeFileSync(target, '')
  await output('mount', ['--bind', server.path('token'), target])
  const container = new Client(t)
  t.equal((await container.read(target)).toString(), 'first')
  const open = await container.call('open', target)

  await server.reloaded(withToken('second, longer'))
  t.equal((await container.read(target)).toString(), 'second, longer')
  t.equal((await container.send(target)).toString(), 'second, longer')
  t.equal((await container.call('stat', target)).size, 14)
  t.equal((await container.call('content', open)).toString(), 'first')

  await server.reloaded(withToken('3rd', { mode: '0444' }))
  t.equal((await container.read(target)).toString(), '3rd')
  t.equal((await container.call('stat', target)).mode & 0o777, 0o444)
})

t.test('a bind mount in another mount namespace follows', async (t) => {
  const server = await mounted(t, withToken('first'))
  const target = join(workFolder(t), 'token')
  writeFileSync(target, '')
  const script = 'mount --bind "$0" "$1" && cat "$1" && echo && read -r go && cat "$1" && echo'
  const container = spawn('unshare', ['--mount', 'sh', '-c', script, server.path('token'), target])
  t.teardown(() => container.kill('SIGKILL'))
  const lines = createInterface({ input: container.stdout })
  t.strictSame(await once(lines, 'line'), ['first'])
  const second = once(lines, 'line')

  await server.reloaded(withToken('second, longer'))
  container.stdin.write('go\n')

  t.strictSame(await second, ['second, longer'])
})
