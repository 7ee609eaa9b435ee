import t from 'tap'
import { KeptLines } from '../../../src/audit/kept-lines.ts'

const bytes = (line: string) => Buffer.from(line)

t.test('lines outlive whoever wrote them, oldest first', (t) => {
  const memory = new Uint8Array(8 + 64)
  t.strictSame(new KeptLines(memory).lines(), [])
  new KeptLines(memory).add(bytes('one\n'))
  new KeptLines(memory).add(bytes('two\n'))
  t.strictSame(new KeptLines(memory).lines(), ['one\n', 'two\n'])
  t.end()
})

t.test('the oldest go when there is no room, and none is cut', (t) => {
  const memory = new Uint8Array(8 + 64)
  const kept = new KeptLines(memory)
  const all = Array.from({ length: 30 }, (_, index) => `line ${index} ${'x'.repeat(index % 7)}\n`)
  for (const [index, line] of all.entries()) {
    kept.add(bytes(line))
    const lines = new KeptLines(memory).lines()
    t.strictSame(lines, all.slice(index + 1 - lines.length, index + 1))
    t.ok(lines.length >= 2 || index < 2)
  }
  t.end()
})

t.test('a server that was killed while it wrote loses that line and no other', (t) => {
  const memory = new Uint8Array(8 + 64)
  const kept = new KeptLines(memory)
  kept.add(bytes('whole\n'))
  memory.set(Buffer.from('half'), 8 + 6)
  t.strictSame(new KeptLines(memory).lines(), ['whole\n'])
  new KeptLines(memory).add(bytes('next\n'))
  t.strictSame(new KeptLines(memory).lines(), ['whole\n', 'next\n'])
  t.end()
})
