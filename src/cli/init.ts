import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { isNodeError, reasonOf, StoreError } from '../base/errors.ts'
import { generateIdentity } from '../identity/generate.ts'
import { loadIdentityFile } from '../identity/load.ts'
import { recipientOf } from '../identity/recipient.ts'
import { DEFAULT_CONFIG, type Command, type GlobalOptions } from './command.ts'
import { configTemplate } from './config-template.ts'
import { writeNewIdentity } from './keygen.ts'
import { createOutput, type Output } from './output.ts'

interface Options extends GlobalOptions {
  dir: string | undefined
}

/** The three pieces, as absolute paths. */
export interface Pieces {
  readonly config: string
  readonly identity: string
  readonly store: string
}

export const command: Command<Options> = {
  builder: (yargs) =>
    yargs
      .positional('dir', {
        type: 'string',
        describe: 'Folder for all three; without it /etc/hushfs and /var/lib/hushfs',
      })
      .example('$0 init', 'make /etc/hushfs/hushfs.yaml, /var/lib/hushfs/identity and /var/lib/hushfs/store')
      .example('$0 init ./secrets', 'make them in one folder, for a try'),
  handler: (args) => init(args),
}

/** Make what isn't there yet; says what was made. Throws `StoreError`. */
export function makePieces(pieces: Pieces): Record<keyof Pieces, boolean> {
  return {
    identity: attempt(() => makeIdentity(pieces.identity)),
    store: attempt(() => makeStore(pieces.store)),
    config: attempt(() => makeConfig(pieces)),
  }
}

function init(args: Options): undefined {
  const output = createOutput(args)
  const pieces = piecesOf(args)
  const made = makePieces(pieces)
  const recipient = recipientIn(pieces.identity)
  if (output.json) output.document({ ...pieces, recipient, made })
  else report(output, pieces, made, recipient)
}

/** Where they are: in one folder, or where a system has them. */
export function piecesOf({ dir, config }: Pick<Options, 'dir' | 'config'>): Pieces {
  if (dir !== undefined) {
    const folder = resolve(dir)
    return {
      config: join(folder, 'hushfs.yaml'),
      identity: join(folder, 'identity'),
      store: join(folder, 'store'),
    }
  }
  return { config: resolve(config), identity: '/var/lib/hushfs/identity', store: '/var/lib/hushfs/store' }
}

/** True: made; false: it was there and stays as it is. */
function makeIdentity(file: string): boolean {
  if (existsSync(file)) return false
  makeFolder(dirname(file), 0o755)
  const identity = generateIdentity()
  try {
    writeNewIdentity(file, identity.file)
  } finally {
    identity.file.fill(0)
  }
  return true
}

function makeStore(folder: string): boolean {
  if (existsSync(folder)) {
    if (statSync(folder).isDirectory()) return false
    throw new StoreError(`${folder}: there is a file where the store should be`)
  }
  makeFolder(dirname(folder), 0o755)
  mkdirSync(folder, { mode: 0o700 })
  return true
}

function makeConfig({ config, identity, store }: Pieces): boolean {
  if (existsSync(config)) return false
  const folder = dirname(config)
  makeFolder(folder, 0o755)
  // Beside each other: relative paths, so that the folder can be moved.
  const near = (path: string) => (dirname(path) === folder ? relative(folder, path) : path)
  writeFileSync(config, configTemplate(near(identity), near(store)), { flag: 'wx', mode: 0o644 })
  return true
}

function makeFolder(folder: string, mode: number): void {
  mkdirSync(folder, { recursive: true, mode })
}

function attempt(make: () => boolean): boolean {
  try {
    return make()
  } catch (error) {
    if (isNodeError(error)) throw new StoreError(reasonOf(error), { cause: error })
    throw error
  }
}

function recipientIn(identity: string): string | undefined {
  const [first] = loadIdentityFile(identity)
  return first === undefined ? undefined : recipientOf(first)?.text
}

function report(
  output: Output,
  pieces: Pieces,
  made: Record<keyof Pieces, boolean>,
  recipient: string | undefined,
): void {
  const say = (piece: keyof Pieces, what: string) =>
    output.line(`${made[piece] ? 'made' : 'kept'}  ${pieces[piece]}  (${what})`)
  say('identity', 'private key: back it up, keep it from others')
  say('store', 'sealed files')
  say('config', 'configuration')
  if (recipient !== undefined) output.line(`recipient: ${recipient}`)
  const option = pieces.config === DEFAULT_CONFIG ? '' : ` --config ${pieces.config}`
  output.line('')
  output.line('Next:')
  output.line(`  hushfs set db/password${option}     seal a value and declare it`)
  output.line(`  hushfs check${option}               see that everything opens`)
  output.line(`  hushfs mount${option}               serve it`)
}
