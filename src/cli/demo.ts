import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { distFile } from '../base/dist.ts'
import { InterruptedError, MountError } from '../base/errors.ts'
import { loadConfig } from '../config/load.ts'
import { prepare } from '../daemon/prepared.ts'
import { generateIdentity } from '../identity/generate.ts'
import { readMounts } from '../sys/mountinfo.ts'
import type { Command, GlobalOptions } from './command.ts'
import { writeNewIdentity } from './keygen.ts'
import { serve } from './mount.ts'
import { createOutput, type Output } from './output.ts'
import { keysOf, locked } from './store-context.ts'
import { storeValue, type GivenFields } from './store-value.ts'

interface DemoOptions extends GlobalOptions {
  trace: boolean
}

export const command: Command<DemoOptions> = {
  builder: (yargs) =>
    yargs
      .option('trace', {
        type: 'boolean',
        default: false,
        describe: 'Show every FUSE operation on standard error: names and sizes, never content',
      })
      .example('$0 demo', 'mount three secrets of a throw-away store and print commands to try')
      .epilogue(
        'All of it is in a folder of its own in the temporary folder. Ctrl-C or SIGTERM unmounts and removes it.',
      ),
  handler: (args) => demo(createOutput(args), args.trace),
}

/** What is in the throw-away folder, as absolute paths. */
interface Demo {
  readonly folder: string
  readonly config: string
  readonly place: string
}

/** The values are constants, so no secrets. */
const secrets: readonly { name: string; value: string; fields: GivenFields }[] = [
  { name: 'db/password', value: 'the first password\n', fields: {} },
  { name: 'api/token', value: 'a token for nobody\n', fields: { owner: 'nobody', mode: '0440' } },
  { name: 'greeting', value: 'hello from hushfs\n', fields: { mode: '0444' } },
]

async function demo(output: Output, trace: boolean): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new MountError('mounting needs root', { hint: 'run the demo as root, in a container for example' })
  // Until the process ends: a second Ctrl-C, as npm passes it on, must not stop the clearing up.
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => interrupt.abort(new InterruptedError()))
  await prepare()
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hushfs-demo-')))
  const made = { folder, config: join(folder, 'hushfs.yaml'), place: join(folder, 'mnt') }
  try {
    await fill(made, output)
    interrupt.signal.throwIfAborted()
    const onReady = () => {
      if (!say(commandsFor(made))) interrupt.abort(new InterruptedError())
    }
    await serve({ configFile: made.config, trace, onReady, stop: interrupt.signal })
  } finally {
    remove(folder, output)
  }
}

/** An identity, a configuration, and the sealed store, all as the commands of the same names make them. */
async function fill({ folder, config, place }: Demo, output: Output): Promise<void> {
  // Others may reach the mount; identity and store have modes of their own.
  chmodSync(folder, 0o711)
  mkdirSync(place)
  const identity = generateIdentity()
  try {
    writeNewIdentity(join(folder, 'identity'), identity.file)
  } finally {
    identity.file.fill(0)
  }
  writeFileSync(config, 'mountPoint: mnt\nidentities: [identity]\nstore: store\nsecrets:\n')
  const loaded = loadConfig(config)
  const keys = keysOf(loaded)
  await locked(loaded, output, async (store) => {
    for (const { name, value, fields } of secrets)
      await storeValue(store, config, { name, value: Buffer.from(value), keys, fields }, output)
  })
}

function commandsFor({ folder, config, place }: Demo): string {
  const hushfs = program()
  const at = (name: string) => quoted(join(place, name))
  const option = `--config ${quoted(config)}`
  return `Three secrets are mounted at ${place}. To try in another shell, as root:

# read one; who may is owner, group and mode
cat ${at('db/password')}
ls -lR ${quoted(place)}
runuser -u nobody -- cat ${at('api/token')}

# refused: another user, a write
runuser -u nobody -- cat ${at('db/password')}
touch ${at('db/password')}

# change a value, serve it, read it
echo 'the second password' | ${hushfs} set db/password ${option} && ${hushfs} reload ${option}
cat ${at('db/password')}

# what is mounted, who opened what, what lies on the disk
findmnt ${quoted(place)}
cat ${at('.hushfs/audit.jsonl')}
cat ${quoted(join(folder, 'store/db/password.sealed'))}

Ctrl-C unmounts it and removes all of it.
`
}

/** False when nobody takes it. One write: a reader that goes away after it (`| head`) changes nothing. */
function say(text: string): boolean {
  try {
    writeSync(1, text)
    return true
  } catch {
    return false
  }
}

/** This program as a shell calls it: `hushfs` where PATH leads to it. */
function program(): string {
  const own = distFile('hushfs.js')
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const found = folders.map((folder) => join(folder, 'hushfs')).find(isExecutable)
  return found !== undefined && realpathSync(found) === realpathSync(own)
    ? 'hushfs'
    : `${quoted(process.execPath)} ${quoted(own)}`
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A word of sh(1). */
function quoted(text: string): string {
  return /^[\w/.:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** Nothing that is mounted in the folder is ever descended into. */
function remove(folder: string, output: Output): void {
  const mounted = readMounts().find(({ mountPoint }) => mountPoint.startsWith(`${folder}/`))
  if (mounted === undefined) rmSync(folder, { recursive: true, force: true })
  else output.warning(`${folder} stays: ${mounted.mountPoint} is mounted in it`)
}
