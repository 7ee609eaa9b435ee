/** What `hushfs exec` makes of an environment file is what systemd does. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { SourceError } from '../../src/base/errors.ts'
import { parseEnvironment } from '../../src/cli/environment-file.ts'
import { bootSystemd } from '../support/systemd/system.ts'

const COUNT = 600
const value = fc.string({ unit: fc.constantFrom(...Array.from(`'"\\$\`\n\r\t  #;=aé`)), maxLength: 24 })

/** The value of a variable of the file; undefined where the file is refused. */
function parsed(text: string, name: string): string | undefined {
  try {
    return parseEnvironment(Buffer.from(text), '').get(name)
  } catch (error) {
    if (error instanceof SourceError) return undefined
    throw error
  }
}

for (const suite of ['trixie', 'bookworm'] as const) {
  t.test(`systemd of ${suite}`, async (t) => {
    const system = await bootSystemd(t, { suite })
    const files = fc
      .sample(value, COUNT)
      .map((text, index) => ({ name: `V${index}`, text: `V${index}=${text}` }))
    for (const { name, text } of files) system.write(`/tmp/${name}.env`, text)
    const { result } = await system.oneshot('show.service', [
      ...files.map(({ name }) => `EnvironmentFile=/tmp/${name}.env`),
      'ExecStart=/usr/bin/env -0',
      'StandardOutput=truncate:/tmp/shown',
    ])
    t.equal(result, 'success')
    const lines = readFileSync(system.path('/tmp/shown'), 'utf8').split('\0')
    const shown = new Map(
      lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
    const accepted = files.filter(({ name, text }) => parsed(text, name) !== undefined)
    t.ok(accepted.length > COUNT / 4, `${accepted.length} of them`)
    const wrong = accepted.filter(({ name, text }) => parsed(text, name) !== shown.get(name))
    t.strictSame(
      wrong.map(({ name, text }) => ({ text, ours: parsed(text, name), systemd: shown.get(name) })),
      [],
    )
  })
}
