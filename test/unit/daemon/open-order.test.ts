import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { openAll } from '../../../src/daemon/open-order.ts'

/** Opens what is quick at once, and the others when they are released. */
function world() {
  const events: string[] = []
  const running = new Map<number, () => void>()
  let most = 0
  const open = async (index: number) => {
    events.push(`open ${index}`)
    if (index >= 100) {
      await new Promise<void>((resolve) => {
        running.set(index, resolve)
        most = Math.max(most, running.size)
      })
      running.delete(index)
    }
    events.push(`done ${index}`)
  }
  const nothing = {
    takeNews: () => ({ wanted: [] as number[], opened: [] as number[] }),
    onWantedDone: () => events.push('wanted done'),
  }
  let quickDone: () => void = () => undefined
  const untilQuickDone = new Promise<void>((resolve) => (quickDone = resolve))
  const onQuickDone = () => {
    events.push('quick done')
    quickDone()
  }
  return { events, running, open, onQuickDone, untilQuickDone, most: () => most, nothing }
}

t.test('what is quick goes in its order, whatever waits', async (t) => {
  const { events, running, open, onQuickDone, untilQuickDone, nothing } = world()
  const all = openAll({ quick: [2, 0, 1], waiting: [100, 101], dependent: [], open, onQuickDone, ...nothing })
  await untilQuickDone
  const quick = [2, 0, 1].flatMap((index) => [`open ${index}`, `done ${index}`])
  t.strictSame(events, ['open 100', 'open 101', ...quick, 'quick done'])
  running.get(101)?.()
  await setImmediate()
  t.equal(events.at(-1), 'done 101', 'in the order in which they come')
  running.get(100)?.()
  await all
  t.equal(events.at(-1), 'done 100')
})

t.test('eight wait at once, and the next starts when one is done', async (t) => {
  const { events, running, open, onQuickDone, most, nothing } = world()
  const waiting = Array.from({ length: 20 }, (_, index) => 100 + index)
  const all = openAll({ quick: [], waiting, dependent: [], open, onQuickDone, ...nothing })
  await setImmediate()
  t.equal(running.size, 8)
  running.get(107)?.()
  await setImmediate()
  t.strictSame([...running.keys()], [100, 101, 102, 103, 104, 105, 106, 108], 'one that hangs holds up none')
  while (running.size > 0) {
    for (const release of running.values()) release()
    await setImmediate()
  }
  await all
  t.equal(most(), 8)
  t.equal(events.filter((event) => event.startsWith('done')).length, 20)
})

t.test('what waits is heard of while many quick ones are opened', async (t) => {
  const { events, running, open, onQuickDone, nothing } = world()
  let quick = 0
  const all = openAll({
    quick: Array.from({ length: 1000 }, (_, index) => (index < 100 ? index : 0)),
    waiting: [100],
    dependent: [],
    open: async (index) => {
      if (index < 100 && quick++ < 5) for (const end = performance.now() + 30; performance.now() < end;);
      await open(index)
    },
    onQuickDone,
    ...nothing,
  })
  setTimeout(() => running.get(100)?.(), 0)
  await all
  t.ok(events.indexOf('done 100') < events.indexOf('quick done'))
})

t.test('what a reader waits for comes before the others, once', async (t) => {
  const { events, open, onQuickDone, nothing } = world()
  const wanted = [[90, 91], [90, 5], [], [7_000]]
  const quick = Array.from({ length: 95 }, (_, index) => index)
  await openAll({
    ...nothing,
    quick,
    waiting: [],
    dependent: [],
    open: async (index) => {
      if (index < 20) for (const end = performance.now() + 6; performance.now() < end;);
      await open(index)
    },
    onQuickDone,
    takeNews: () => ({ wanted: wanted.shift() ?? [], opened: [] }),
  })
  const opened = events.filter((event) => event.startsWith('open')).map((event) => Number(event.slice(5)))
  t.strictSame(opened.slice(0, 5), [0, 90, 91, 1, 5])
  t.strictSame(
    [...opened].sort((a, b) => a - b),
    quick,
  )
  t.equal(events[events.indexOf('done 91') + 1], 'wanted done')
})

t.test('what others have opened is left out, also when a reader waits for it', async (t) => {
  const { events, onQuickDone, nothing } = world()
  const news = [
    { wanted: [4], opened: [1, 4] },
    { wanted: [], opened: [0, 3, 99] },
  ]
  await openAll({
    ...nothing,
    quick: [0, 1, 2, 3, 4, 5],
    waiting: [],
    dependent: [],
    open: (index) => {
      events.push(`open ${index}`)
      for (const end = performance.now() + 6; performance.now() < end;);
      return Promise.resolve()
    },
    onQuickDone,
    takeNews: () => news.shift() ?? { wanted: [], opened: [] },
  })
  t.strictSame(events, ['open 0', 'open 2', 'open 5', 'quick done'])
})
