import t from 'tap'
import { run } from '../../support/process.ts'

const module = (name: string) => JSON.stringify(new URL(`../../../src/${name}`, import.meta.url).href)

t.test('an error that nobody catches: its reason in a line, nothing of its message or stack', async (t) => {
  for (const fails of ['setImmediate(() => { throw error })', 'void Promise.reject(error)', 'throw error']) {
    const program = `
      import { createLog } from ${module('base/log.ts')}
      import { onUnforeseen } from ${module('daemon/unforeseen.ts')}
      onUnforeseen(createLog(), () => process.exit(7))
      const error = new TypeError('hunter2')
      ${fails}`
    const argv = ['--import=tsx', '--input-type=module', '--eval', program]
    const { status, stderr } = await run(process.execPath, argv)
    t.equal(stderr, "hushfs: error: can't go on: unexpected TypeError\n", fails)
    t.equal(status, 7)
  }
})
