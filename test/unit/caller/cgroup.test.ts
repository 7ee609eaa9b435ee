import t from 'tap'
import { placeCgroup } from '../../../src/caller/cgroup.ts'
import { belowManager, inNone, inUnits, manager, plain } from '../../support/cgroup-paths.ts'

t.test('in a unit', (t) => {
  for (const [path, unit, unitPath, rest] of inUnits)
    t.strictSame(placeCgroup(path), { ...plain, unit, unitPath, ...rest }, path)
  t.end()
})

t.test('below a user manager it is the unit of the manager, and that of the user beside', (t) => {
  for (const [below, userUnit, userUnitBelow] of belowManager)
    t.strictSame(
      placeCgroup(manager + below),
      {
        unit: 'user@1000.service',
        unitPath: manager,
        slice: 'user-1000.slice',
        userUid: 1000,
        userUnit,
        userUnitPath: userUnitBelow && manager + userUnitBelow,
      },
      below,
    )
  t.end()
})

t.test('in no unit', (t) => {
  for (const [path, reason] of inNone) t.strictSame(placeCgroup(path), { none: reason }, JSON.stringify(path))
  t.end()
})
