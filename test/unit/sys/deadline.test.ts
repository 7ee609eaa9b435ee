/** The kernel's timers against processes that can't help themselves. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { stateOf } from '../../support/process.ts'
import { until } from '../../support/until.ts'

const module = new URL('../../../src/sys/deadline.ts', import.meta.url).href

/** A process with a deadline that says so and then does this for ever. */
async function withDeadline(signal: number, milliseconds: number, then: string) {
  const program = `
    import { Deadline } from ${JSON.stringify(module)}
    new Deadline(${signal}).putOff(${milliseconds})
    process.stdout.write('armed')
    ${then}`
  const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

t.test('SIGCONT wakes a process that was stopped', async (t) => {
  const child = await withDeadline(18, 1500, 'setInterval(() => undefined, 1000)')
  child.kill('SIGSTOP')
  await until('it is stopped', () => stateOf(String(child.pid)) === 'T')
  await until('it goes on', () => stateOf(String(child.pid)) !== 'T')
  child.kill('SIGKILL')
  const [, signal] = (await once(child, 'exit')) as [null, string]
  t.equal(signal, 'SIGKILL')
})

t.test('SIGKILL ends one that is stuck in a loop', async (t) => {
  const child = await withDeadline(9, 200, 'for (;;);')
  t.strictSame(await once(child, 'exit'), [null, 'SIGKILL'])
})

t.test('SIGKILL ends one that is stopped', async (t) => {
  const child = await withDeadline(9, 1000, 'setInterval(() => undefined, 1000)')
  child.kill('SIGSTOP')
  t.strictSame(await once(child, 'exit'), [null, 'SIGKILL'])
})

t.test('a deadline that is put off, or called off, does not come', async (t) => {
  const child = await withDeadline(
    9,
    300,
    `const later = new Deadline(9)
     later.putOff(100)
     later.putOff(0)
     setTimeout(() => process.exit(7), 200)`,
  )
  t.strictSame(await once(child, 'exit'), [7, null])
})
