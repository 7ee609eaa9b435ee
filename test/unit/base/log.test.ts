import t from 'tap'
import { createLog, oneLine, type LogOptions } from '../../../src/base/log.ts'

function lines(options: LogOptions, say: (log: ReturnType<typeof createLog>) => void): string[] {
  const written: string[] = []
  say(createLog({ journal: false, ...options, write: (line) => written.push(line) }))
  return written
}

t.test('for people: who says it, and how bad it is', (t) => {
  const written = lines({}, (log) => {
    log.error('broken')
    log.warning('odd')
    log.notice('noted')
    log.info('said')
    log.debug('dropped')
  })
  t.same(written, ['hushfs: error: broken\n', 'hushfs: warning: odd\n', 'hushfs: noted\n', 'hushfs: said\n'])
  t.end()
})

t.test("for the journal: systemd's priorities", (t) => {
  const written = lines({ journal: true, level: 'debug' }, (log) => {
    for (const level of ['error', 'warning', 'notice', 'info', 'debug'] as const) log[level]('x')
  })
  t.same(written, ['<3>x\n', '<4>x\n', '<5>x\n', '<6>x\n', '<7>x\n'])
  t.end()
})

t.test('messages above the level are dropped', (t) => {
  t.same(
    lines({ level: 'error' }, (log) => {
      log.warning('x')
      log.error('y')
    }),
    ['hushfs: error: y\n'],
  )
  t.end()
})

t.test('whatever a name contains, a message is one line that drives no terminal', (t) => {
  t.equal(
    oneLine('a\nhushfs: b\r\t\0\u001b[31m\u007f\u009b1m'),
    'a\\x0ahushfs: b\\x0d\\x09\\x00\\x1b[31m\\x7f\\x9b1m',
  )
  t.equal(oneLine('ä → é 日本'), 'ä → é 日本')
  const [line] = lines({ journal: true }, (log) => log.info('x\n<3>forged'))
  t.equal(line, '<6>x\\x0a<3>forged\n')
  t.end()
})
