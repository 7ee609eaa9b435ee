import fc from 'fast-check'
import t from 'tap'
import { Timestamps } from '../../../src/audit/timestamp.ts'

t.test('as Date writes it, also when the clock is set back', (t) => {
  const clock = new Timestamps()
  const day = 86_400_000
  const times = fc.oneof(fc.nat(3 * day), fc.nat(4102444800000))
  fc.assert(fc.property(times, (at) => clock.at(at) === new Date(at).toISOString()))
  t.equal(clock.at(1_700_000_000_007), '2023-11-14T22:13:20.007Z')
  t.equal(clock.at(1_700_000_000_999), '2023-11-14T22:13:20.999Z')
  t.equal(clock.at(1_699_999_999_050), '2023-11-14T22:13:19.050Z')
  t.end()
})
