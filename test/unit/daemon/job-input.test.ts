import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { encodeIndexes, JobInput } from '../../../src/daemon/job-input.ts'
import { encodeJob } from '../../../src/daemon/packed-job.ts'

const indexBytes = (index: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(index)
  return bytes
}

const aJob = (name: string) =>
  Buffer.from(
    encodeJob({
      identities: [],
      secrets: [{ name, source: { kind: 'text', value: name } }],
      oneByOne: false,
    }),
  )

t.test('a job and indexes, in whatever pieces they come', async () => {
  const indexes = fc.array(fc.nat(0x7fffffff), { maxLength: 5 })
  const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(fc.string(), indexes, cuts, async (name, wanted, lengths) => {
      const job = aJob(name)
      const bytes = Buffer.concat([job, ...wanted.map(indexBytes)])
      const stream = new PassThrough()
      const input = new JobInput(stream)
      let at = 0
      for (const length of lengths) {
        stream.write(bytes.subarray(at, at + length))
        at += length
        await setImmediate()
      }
      stream.write(bytes.subarray(at))
      const came = await input.job
      await setImmediate()
      input.close()
      return job.equals(came) && JSON.stringify(input.take().wanted) === JSON.stringify(wanted)
    }),
  )
})

t.test('indexes are taken once; the rest of one waits for its end', async (t) => {
  const stream = new PassThrough()
  const input = new JobInput(stream)
  stream.write(Buffer.concat([aJob('a'), indexBytes(7), Buffer.from([8, 0])]))
  t.ok(aJob('a').equals(await input.job))
  t.strictSame(input.take().wanted, [7])
  stream.write(Buffer.from([0, 0]))
  await setImmediate()
  t.strictSame(input.take().wanted, [8])
  t.strictSame(input.take().wanted, [])
})

t.test('what readers wait for and what others have opened', async (t) => {
  const stream = new PassThrough()
  const input = new JobInput(stream)
  stream.write(aJob('a'))
  stream.write(encodeIndexes([7, 0x7fffffff], 'wanted'))
  stream.write(encodeIndexes([0, 8], 'opened'))
  stream.write(encodeIndexes([9], 'wanted'))
  await input.job
  await setImmediate()
  t.strictSame(input.take(), { wanted: [7, 0x7fffffff, 9], opened: [0, 8] })
  t.strictSame(input.take(), { wanted: [], opened: [] })
})

t.test('an end before there is a whole job', async (t) => {
  for (const start of [Buffer.alloc(0), aJob('a').subarray(0, 5), aJob('a').subarray(0, -1)]) {
    const stream = new PassThrough()
    const input = new JobInput(stream)
    stream.end(start)
    t.equal((await input.job).length, 0)
    t.strictSame(input.take(), { wanted: [], opened: [] })
  }
})
