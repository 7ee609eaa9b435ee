import fc from 'fast-check'
import t from 'tap'
import { placeCgroup } from '../../src/caller/cgroup.ts'
import { pathInHierarchy } from '../../src/caller/hierarchy.ts'

const letters = 'a b @ _ . - \\ :'.split(' ')
const name = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 6 })
const word = fc.constantFrom('a', '_', '..', '.', '', 'user@1000', 'x y', ' (deleted)', 'ü', '\n', 'init')
const type = fc.constantFrom('.service', '.slice', '.scope', '')
const component = fc.oneof(
  fc.tuple(fc.oneof(name, word), type).map((parts) => parts.join('')),
  fc.string({ maxLength: 4 }),
)
const path = fc.array(component, { maxLength: 5 }).map((components) => `/${components.join('/')}`)

/** A cgroup that could be below another: any name that a folder can have, but the kernel's mark of a removed one. */
const child = fc
  .oneof(component, fc.string({ minLength: 1 }))
  .map((text) => text.replaceAll('/', ''))
  .filter((text) => text !== '' && text !== '.' && text !== '..' && !text.endsWith(' (deleted)'))
const slice = fc.stringMatching(/^_?[a-z0-9:-]{1,5}\.slice$/)

t.test('any text has a unit or a reason', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), path), (text) => {
      const placement = placeCgroup(text)
      return 'none' in placement
        ? placement.none !== ''
        : text === placement.unitPath || text.startsWith(`${placement.unitPath}/`)
    }),
  )
  t.end()
})

t.test('a unit is never a slice, and is the last component of its own path', (t) => {
  let seen = 0
  fc.assert(
    fc.property(path, (text) => {
      const placement = placeCgroup(text)
      if ('none' in placement) return true
      seen++
      const last = placement.unitPath.split('/').at(-1) ?? ''
      return !placement.unit.endsWith('.slice') && [placement.unit, `_${placement.unit}`].includes(last)
    }),
  )
  t.ok(seen > 0, 'some of the paths have a unit')
  t.end()
})

t.test('slices alone are in no unit', (t) => {
  fc.assert(
    fc.property(fc.array(slice), (slices) => {
      return 'none' in placeCgroup(`/${slices.join('/')}`)
    }),
  )
  t.end()
})

t.test('whatever is below a unit is in that unit', (t) => {
  fc.assert(
    fc.property(
      fc.array(slice, { maxLength: 3 }),
      fc.stringMatching(/^[a-z]{1,5}(@[a-z@]{1,4})?\.(service|scope)$/),
      fc.array(child, { maxLength: 4 }),
      (slices, unit, children) => {
        const unitPath = `/${[...slices, unit].join('/')}`
        const placement = placeCgroup([unitPath, ...children].join('/'))
        return 'unit' in placement && placement.unit === unit && placement.unitPath === unitPath
      },
    ),
  )
  t.end()
})

t.test('children of a user unit are in that user unit', (t) => {
  const unitPath = '/user.slice/user-7.slice/user@7.service/app.slice/b.service'
  fc.assert(
    fc.property(fc.array(child, { maxLength: 4 }), (children) => {
      const placement = placeCgroup([unitPath, ...children].join('/'))
      return (
        'unit' in placement &&
        placement.unit === 'user@7.service' &&
        placement.userUnit === 'b.service' &&
        placement.userUnitPath === unitPath
      )
    }),
  )
  t.end()
})

t.test('the path is found between any other hierarchies', (t) => {
  const line = fc.tuple(
    fc.integer({ min: 1, max: 13 }),
    fc.constantFrom('cpu,cpuacct', 'memory', 'name=other', 'pids'),
    path.map((text) => text.replaceAll('\n', '')),
  )
  const lines = fc.array(
    line.map((parts) => `${parts.join(':')}\n`),
    { maxLength: 5 },
  )
  const wanted = path.map((text) => text.replaceAll('\n', ''))
  fc.assert(
    fc.property(lines, lines, wanted, (before, after, path) => {
      const text = (own: string) => [...before, own, ...after].join('')
      return (
        pathInHierarchy(text(`0::${path}\n`), 'unified') === path &&
        pathInHierarchy(text(`0::${path}\n`), 'hybrid') === path &&
        pathInHierarchy(text(`5:name=systemd:${path}\n0::/else.service\n`), 'legacy') === path &&
        pathInHierarchy(text(''), 'unified') === undefined
      )
    }),
  )
  t.end()
})

t.test('any text of /proc/PID/cgroup has a path or none, and never throws', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('unified', 'hybrid', 'legacy'),
      (text, layout) => {
        const path = pathInHierarchy(text, layout)
        return path === undefined || text.includes(`:${path}\n`)
      },
    ),
  )
  t.end()
})
