import { ProtocolError } from '../base/errors.ts'
import {
  FUSE_KERNEL_MINOR_VERSION,
  FUSE_KERNEL_VERSION,
  initFlag,
  type InitFlag,
  type InitOut,
} from './wire/kernel.ts'

/**
 * What hushfs asks of the kernel (native-notes/fuse-protocol.md has the reason of each that it leaves out). CACHE_SYMLINKS would serve one caller's
 * `.self` to all, EXPLICIT_INVAL_DATA would keep stale pages.
 */
export const wanted: readonly InitFlag[] = [
  'DO_READDIRPLUS',
  'READDIRPLUS_AUTO',
  'PARALLEL_DIROPS',
  'MAX_PAGES',
  'INIT_EXT',
  'DIRECT_IO_ALLOW_MMAP',
  'HAS_RESEND',
  'REQUEST_TIMEOUT',
]

/** What the kernel offered, `flags` holding both words. */
export interface Offer {
  readonly major: number
  readonly minor: number
  readonly max_readahead: number
  readonly flags: bigint
}

/** Protocol 7.31, Linux 5.4: the oldest whose answers to all that hushfs sends are known. */
const OLDEST_MINOR = 31
const PAGE_BYTES = 4096

/** The answer to INIT, and the flags of both words that it takes. */
export interface Agreement {
  readonly answer: InitOut
  readonly flags: bigint
}

export function hasFlag(flags: bigint, name: InitFlag): boolean {
  return ((flags >> BigInt(initFlag[name])) & 1n) === 1n
}

export interface Wishes {
  /** The largest payload of one reply. */
  readonly mostBytes: number
  /** A request without an answer for so many seconds ends the connection, and its readers go on with an error. 0: never; kernels before 6.15: never. */
  readonly requestTimeout: number
  /** Capabilities not to take, as if the kernel were older. */
  readonly without: readonly InitFlag[]
}

/** Answer INIT (fs/fuse/inode.c, process_init_reply). */
export function negotiate(offer: Offer, { mostBytes, requestTimeout, without }: Wishes): Agreement {
  if (offer.major !== FUSE_KERNEL_VERSION || offer.minor < OLDEST_MINOR) {
    throw new ProtocolError(
      `the kernel speaks FUSE ${offer.major}.${offer.minor}; hushfs needs ${FUSE_KERNEL_VERSION}.${OLDEST_MINOR} (Linux 5.4) or newer`,
    )
  }
  const taken = wanted
    .filter((flag) => !without.includes(flag))
    .map((flag) => 1n << BigInt(initFlag[flag]))
    .filter((bit) => (offer.flags & bit) !== 0n)
    .reduce((all, bit) => all | bit, 0n)
  const answer: InitOut = {
    major: FUSE_KERNEL_VERSION,
    minor: Math.min(offer.minor, FUSE_KERNEL_MINOR_VERSION),
    max_readahead: offer.max_readahead,
    flags: Number(taken & 0xffff_ffffn),
    max_background: 64,
    congestion_threshold: 48,
    max_write: PAGE_BYTES,
    time_gran: 1,
    max_pages: Math.ceil(mostBytes / PAGE_BYTES),
    map_alignment: 0,
    flags2: Number(taken >> 32n),
    max_stack_depth: 0,
    request_timeout: hasFlag(taken, 'REQUEST_TIMEOUT') ? requestTimeout : 0,
  }
  return { answer, flags: taken }
}

/** Every capability, whether the kernel offers it and whether hushfs takes it: one line each, for the trace. */
export function capabilityTable(offer: Offer, answer: InitOut): string[] {
  const taken = (BigInt(answer.flags2) << 32n) | BigInt(answer.flags)
  const mark = (set: bigint, bit: number) => (((set >> BigInt(bit)) & 1n) === 1n ? 'yes' : '-')
  return [
    `fuse: INIT kernel ${offer.major}.${offer.minor}, answered ${answer.major}.${answer.minor}, max_pages ${answer.max_pages}`,
    ...Object.entries(initFlag).map(
      ([name, bit]) =>
        `fuse: INIT ${name.padEnd(22)} offered ${mark(offer.flags, bit).padEnd(3)} taken ${mark(taken, bit)}`,
    ),
  ]
}
