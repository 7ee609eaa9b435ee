import t from 'tap'
import { configSchema } from '../../src/config/schema.ts'
import { runHushfs } from '../support/run-hushfs.ts'

t.test('config schema prints the JSON Schema, and needs no configuration', async (t) => {
  const { status, stdout, stderr } = await runHushfs(['config', 'schema', '--config', '/nonexistent'])
  t.equal(status, 0)
  t.equal(stderr, '')
  t.strictSame(JSON.parse(stdout), configSchema())
})
