import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { HUSHFS } from '../support/run-hushfs.ts'
import { contents, tryOut, type TryOut } from '../support/try-out.ts'

t.setTimeout(60_000)

/** Run a command on a terminal of script(1): each step waits for a text and types an answer. All that the terminal showed, and the status. */
async function onTerminal(
  on: TryOut,
  words: string[],
  steps: [string, string | Buffer][],
  env: NodeJS.ProcessEnv = {},
) {
  const command = [process.execPath, HUSHFS, ...words, '--config', on.config]
    .map((word) => `'${word}'`)
    .join(' ')
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, ...env, NO_COLOR: '1', TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let shown = ''
  let waiting = 0
  const left = [...steps]
  child.stdout.on('data', (piece: Buffer) => {
    shown += piece.toString()
    const [step] = left
    const at = step === undefined ? -1 : shown.indexOf(step[0], waiting)
    if (step === undefined || at < 0) return
    waiting = at + step[0].length
    left.shift()
    child.stdin.write(step[1])
  })
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, shown, left: left.length }
}

const typed = (first: string | Buffer, second: string | Buffer): [string, string | Buffer][] => [
  ['value of a: ', first],
  ['value of a, again: ', second],
]

t.test('set asks twice and shows nothing', async (t) => {
  const on = await tryOut(t.testdir({}))
  const done = await onTerminal(on, ['set', 'a'], typed('hunter2\r', 'hunter2\r'))
  t.match(done, { status: 0, left: 0 })
  t.notMatch(done.shown, 'hunter2')
  t.equal((await on.run(['get', 'a'])).stdout, 'hunter2')
})

t.test('what is erased is gone, a character of several bytes at once', async (t) => {
  const on = await tryOut(t.testdir({}))
  t.match(await onTerminal(on, ['set', 'a'], typed('wrong\u0015sé\u007fecrex\u0008t\r', 'secret\n')), {
    status: 0,
  })
  t.equal((await on.run(['get', 'a'])).stdout, 'secret')
  t.match(await onTerminal(on, ['set', 'a'], typed('é€😀\r', 'é€😀x\u007f\u007f😀\r')), { status: 0 })
  t.equal((await on.run(['get', 'a'])).stdout, 'é€😀')
})

t.test('two different values, an empty one and Ctrl-C change nothing', async (t) => {
  const on = await tryOut(t.testdir({}))
  await on.run(['set', 'a'], { input: 'old' })
  const before = contents(on.folder)
  const differ = await onTerminal(on, ['set', 'a'], typed('one-value\r', 'two-value\r'))
  t.match(differ, { status: 1, shown: /the two values differ; nothing is changed/ })
  t.notMatch(differ.shown, '-value')
  t.match(await onTerminal(on, ['set', 'a'], typed('\r', '\r')), { status: 1, shown: /no value was typed/ })
  t.match(await onTerminal(on, ['set', 'a'], [['value of a: ', 'x\u0003']]), { status: 130 })
  t.same(contents(on.folder), before)
})

t.test('get adds a newline on a terminal, and only where there is none', async (t) => {
  const on = await tryOut(t.testdir({}))
  await on.run(['set', 'a'], { input: 'v' })
  t.equal((await onTerminal(on, ['get', 'a'], [])).shown, 'v\r\n')
  await on.run(['set', 'a'], { input: 'v\n' })
  t.equal((await onTerminal(on, ['get', 'a'], [])).shown, 'v\r\n')
})

t.test('rm asks', async (t) => {
  const on = await tryOut(t.testdir({}))
  await on.run(['set', 'a'], { input: 'v' })
  const before = contents(on.folder)
  const question = `Remove the declaration and ${on.store}/a.sealed of a? [y/N] `
  for (const answer of ['\r', 'n\r', 'yikes\r', '\u0004']) {
    t.match(await onTerminal(on, ['rm', 'a'], [[question, answer]]), {
      status: 1,
      shown: /nothing is removed/,
      left: 0,
    })
  }
  t.same(contents(on.folder), before)
  t.match(await onTerminal(on, ['rm', 'a'], [[question, 'y\r']]), { status: 0, left: 0 })
  t.match(await on.run(['get', 'a']), { status: 1 })
})

t.test('rekey of many shows a bar and clears it', async (t) => {
  const on = await tryOut(t.testdir({}))
  const entries = Array.from({ length: 30 }, (_, index) => `  n${index}: {source: {sealed: store/n0.sealed}}`)
  await on.run(['set', 'n0'], { input: 'v' })
  for (let index = 1; index < 30; index++)
    writeFileSync(join(on.store, `n${index}.sealed`), contents(on.store)['n0.sealed'] ?? '')
  writeFileSync(on.config, `identities: [identity]\nstore: store\nsecrets:\n${entries.join('\n')}\n`)
  const { status, shown } = await onTerminal(on, ['rekey'], [])
  t.equal(status, 0)
  t.match(shown, /sealing \[.*\] \d+\/30/)
  t.match(shown, 'sealed 30 files for 1 recipient')
})

t.test('vim gets options that keep it from writing other files and newlines', async (t) => {
  const on = await tryOut(t.testdir({ bin: {} }))
  await on.run(['set', 'a'], { input: 'v' })
  const vim = join(on.folder, 'bin', 'vim')
  writeFileSync(vim, '#!/bin/sh\nfor word; do echo "word $word"; done\n', { mode: 0o755 })
  const { shown } = await onTerminal(on, ['edit', 'a'], [], { EDITOR: vim, VISUAL: '' })
  const words = [...shown.matchAll(/^word (.*?)\r?$/gm)].map(([, word]) => word)
  t.same(words.slice(0, 4), ['-n', '-i', 'NONE', '-c'])
  t.match(words[4], /noswapfile nobackup nowritebackup noundofile nofixendofline/)
  t.match(words[5], /\/a$/)
})
