import t from 'tap'
import { SourceError } from '../../../src/base/errors.ts'
import { parseEnvironment } from '../../../src/cli/environment-file.ts'

const parse = (text: string | Uint8Array) =>
  Object.fromEntries(parseEnvironment(Buffer.from(text), '/mnt/app.env'))

/** A file, and its variables. test/systemd/environment-file.test.ts compares more of them with systemd. */
const files: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['', {}],
  ['A=1\nB=two words\n', { A: '1', B: 'two words' }],
  ['A=1', { A: '1' }],
  ['\r\n  A = 1  \r\n\tB=2\r\n', { A: '1', B: '2' }],
  ['A=\nB=""\n', { A: '', B: '' }],
  ['# A=1\n; B=2\n  # C=3\nD=4 # no comment\n', { D: '4 # no comment' }],
  ['A=1\nA=2\n', { A: '2' }],
  [`A='a "b" \\n $x'\n`, { A: 'a "b" \\n $x' }],
  [`A="a 'b' \\" \\\\ \\$ \\\` \\n"\n`, { A: "a 'b' \" \\ $ ` \\n" }],
  ['A="one\ntwo\\\nthree"\nB=x\n', { A: 'one\ntwothree', B: 'x' }],
  [`A="a "'b '"c"d "e"\n`, { A: 'a b cd "e"' }],
  ['A=a\\ b\\\nc\\x\n', { A: 'a bcx' }],
  ['A=a\\\\  \n', { A: 'a\\' }],
  ['A=a\\ \n', { A: 'a ' }],
  ['A=a\\', { A: 'a' }],
  ['A=a=b==\n', { A: 'a=b==' }],
  ['A=é€😀\n', { A: 'é€😀' }],
]

t.test('what an environment file has', (t) => {
  for (const [text, variables] of files) t.strictSame(parse(text), variables, JSON.stringify(text))
  t.end()
})

const sentinel = 'hushfs-sentinel-77c1'

/** A file, and the reason without its place. */
const wrong: readonly (readonly [string | Uint8Array, string])[] = [
  [`A=1\n\n${sentinel}\n`, '/mnt/app.env:3: this is no assignment such as NAME=value'],
  [`export A=${sentinel}\n`, '/mnt/app.env:1: the part before `=` is not the name of a variable'],
  [`1A=${sentinel}\n`, '/mnt/app.env:1: the part before `=` is not the name of a variable'],
  [`=${sentinel}\n`, '/mnt/app.env:1: the part before `=` is not the name of a variable'],
  [`A="x\ny"\nB='${sentinel}\n`, '/mnt/app.env:3: a quote is opened and not closed'],
  [`A="${sentinel}\\"`, '/mnt/app.env:1: a quote is opened and not closed'],
  [`A=${sentinel}\0b`, "/mnt/app.env: it has a NUL byte, which an environment can't carry"],
  [Uint8Array.of(0x41, 0x3d, 0xff), '/mnt/app.env: it is not UTF-8'],
]

t.test('what it may not have: the line, and nothing of what is in it', (t) => {
  for (const [text, message] of wrong) t.throws(() => parse(text), new SourceError(message))
  t.end()
})

t.test('a megabyte of anything comes to an end', (t) => {
  const long = (text: string) => text.repeat((1 << 20) / text.length)
  const files = ['a', ' ', '\\', '"', '\\\n', 'a ', '""'].flatMap((piece) => [
    long(piece),
    `A=${long(piece)}`,
    `A=${long(piece)}b`,
    `A="${long(piece)}`,
  ])
  for (const file of files) t.ok(isParsedOrRefused(file))
  t.end()
})

function isParsedOrRefused(text: string): boolean {
  try {
    parse(text)
    return true
  } catch (error) {
    return error instanceof SourceError
  }
}
