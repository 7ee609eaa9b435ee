import t from 'tap'
import { Snapshots } from '../../../src/vfs/snapshots.ts'

t.test('handles lie above every version of a secret and are exact', (t) => {
  const snapshots = new Snapshots()
  const handles = [1, 2, 3].map((byte) => snapshots.open(new Uint8Array([byte])))
  t.equal(new Set(handles).size, 3)
  t.ok(handles.every((handle) => handle > 2 ** 52 && Number.isSafeInteger(handle)))
  t.same(
    handles.map((handle) => snapshots.get(handle)?.[0]),
    [1, 2, 3],
  )
  t.end()
})

t.test('closing drops the text; a handle of an earlier server is still no secret', (t) => {
  const snapshots = new Snapshots()
  const handle = snapshots.open(new Uint8Array(1))
  t.equal(snapshots.close(handle), true)
  t.equal(snapshots.get(handle), undefined)
  t.equal(snapshots.close(handle + 5), true)
  t.equal(snapshots.close(2 ** 52), false, 'the largest version')
  t.end()
})
