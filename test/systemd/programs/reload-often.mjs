// reload-often.mjs FILE COUNT MARK VALUE...: put one of the VALUE files in FILE's place and have the server at /run/hushfs reload, COUNT times, each
// after the one before is done. Prints the server's resident memory in KiB after MARK reloads and at the end: {"early":..,"late":..}.
import { copyFileSync, readFileSync, renameSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

const [file, count, mark, ...values] = process.argv.slice(2)
const status = () => JSON.parse(readFileSync('/run/hushfs/.hushfs/status.json', 'utf8'))
const { pid } = status()
const resident = () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1])

let early
for (let done = 0; done < Number(count); done++) {
  if (done === Number(mark)) early = resident()
  copyFileSync(values[done % values.length], `${file}.new`)
  renameSync(`${file}.new`, file)
  const before = status().reloads.count
  process.kill(pid, 'SIGHUP')
  while (status().reloads.count === before) await setTimeout(1)
  const { last } = status().reloads
  if (last.exitStatus !== 0) throw new Error(last.reason)
}
console.log(JSON.stringify({ early, late: resident() }))
