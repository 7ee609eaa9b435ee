import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { changeRecipients, formatRecipients, readRecipients } from '../../../src/sealed/recipients.ts'
import { keyPair } from '../../support/keys.ts'

const alice = await keyPair(1)
const bob = await keyPair(2)
const carol = await keyPair(3)
const both = [alice.identity, bob.identity]

const texts = (recipients: readonly { text: string }[]) => recipients.map(({ text }) => text)

function write(t: { testdir(): string }, text: string): string {
  const folder = t.testdir()
  writeFileSync(join(folder, '.recipients'), text)
  return folder
}

t.test('without a list: the configured identities', async (t) => {
  const folder = t.testdir()
  t.same(
    texts((await readRecipients(folder, [...both, alice.identity])).recipients),
    texts([alice.recipient, bob.recipient]),
  )
  await t.rejects(readRecipients(folder, []), {
    code: 'ERR_STORE',
    message: /no configured identity can be read/,
  })
})

t.test('the list is exact', async (t) => {
  const folder = write(t, `# ops\n\n  ${carol.recipient.text}  \n${carol.recipient.text}`)
  t.same(texts((await readRecipients(folder, both)).recipients), [carol.recipient.text])
})

t.test('a list that can not be used names file and line', async (t) => {
  const folder = write(t, `# ops\n${alice.recipient.text}\nhushfs1typo\n`)
  await t.rejects(readRecipients(folder, both), {
    code: 'ERR_STORE',
    message: new RegExp(`^${folder}/.recipients:3: `),
  })
  writeFileSync(join(folder, '.recipients'), '# nobody\n')
  await t.rejects(readRecipients(folder, both), { code: 'ERR_STORE', message: /lists no recipient/ })
})

t.test('changing keeps comments and order', async (t) => {
  const folder = write(t, `# ops\n${bob.recipient.text}\n# build\n${alice.recipient.text}\n`)
  const list = await readRecipients(folder, both)
  const next = changeRecipients(list, [carol.recipient, alice.recipient], [bob.recipient], both)
  t.same(texts(next), texts([alice.recipient, carol.recipient]))
  t.equal(
    Buffer.from(formatRecipients(list, next)).toString(),
    `# ops\n# build\n${alice.recipient.text}\n${carol.recipient.text}\n`,
  )
})

t.test('a list that begins with a change says what it is', async (t) => {
  const list = await readRecipients(t.testdir(), [alice.identity])
  const text = Buffer.from(
    formatRecipients(list, changeRecipients(list, [bob.recipient], [], both)),
  ).toString()
  t.match(text, /^# .*hushfs rekey.*\n/)
  t.same(text.split('\n').slice(1), [...texts([alice.recipient, bob.recipient]), ''])
})

t.test('changes that would lock people out are refused', async (t) => {
  const list = await readRecipients(t.testdir(), [alice.identity])
  const change = (add: (typeof alice.recipient)[], remove: (typeof alice.recipient)[]) => () =>
    changeRecipients(list, add, remove, [alice.identity])
  t.throws(change([], [bob.recipient]), {
    code: 'ERR_STORE',
    message: `${bob.recipient.text} is not a recipient, so it can't be removed`,
  })
  t.throws(change([], [alice.recipient]), { code: 'ERR_STORE', message: /no recipient would be left/ })
  t.throws(change([bob.recipient], [alice.recipient]), {
    code: 'ERR_STORE',
    message: /none of the configured identities/,
  })
})
