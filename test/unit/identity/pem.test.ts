import { randomBytes } from 'node:crypto'
import t from 'tap'
import { IdentityError } from '../../../src/base/errors.ts'
import { decodeBase64, parsePem } from '../../../src/identity/pem.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

t.test('base64 of every length, in lines', (t) => {
  for (let length = 0; length < 200; length++) {
    const data = randomBytes(length)
    const lines = data.toString('base64').replace(/.{64}/g, '$&\r\n')
    t.ok(data.equals(decodeBase64(bytes(lines)) ?? bytes('undefined')), `${length} bytes`)
  }
  t.end()
})

t.test('what is not canonical base64', (t) => {
  for (const text of [
    'A',
    'AA',
    'AAA',
    'AA=',
    'A===',
    '====',
    'AB==',
    'AAB=',
    'AA==AAAA',
    '=AAA',
    'AA-_',
    'AAA\u00e9',
  ])
    t.equal(decodeBase64(bytes(text)), undefined, text)
  t.end()
})

t.test('a PEM block', (t) => {
  const pem = parsePem(bytes('\n-----BEGIN A B-----\r\nAAAA\r\n-----END A B-----'), 'origin')
  t.equal(pem?.label, 'A B')
  t.equal(Buffer.from(pem?.body ?? []).toString(), 'AAAA\r\n')
  t.equal(parsePem(bytes('# a comment\n-----BEGIN A-----\n'), 'origin'), undefined)
  t.equal(parsePem(bytes(''), 'origin'), undefined)
  t.end()
})

t.test('a damaged PEM block names the file', (t) => {
  for (const text of [
    '-----BEGIN A-----',
    '-----BEGIN A-----\nAAAA\n',
    '-----BEGIN A----\nAAAA\n-----END A-----\n',
    '-----BEGIN a-----\nAAAA\n-----END a-----\n',
    '-----BEGIN A-----\nAAAA\n-----END B-----\n',
    '-----BEGIN A-----\nAAAA\n-----END A',
  ]) {
    t.throws(() => parsePem(bytes(text), 'origin'), IdentityError, text)
    t.throws(() => parsePem(bytes(text), 'origin'), { message: /^origin: the key is (cut short|damaged)/ })
  }
  t.end()
})
