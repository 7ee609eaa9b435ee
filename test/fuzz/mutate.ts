import type { Random } from './random.ts'

export interface Material {
  readonly random: Random
  /** Bytes that the code compares with. */
  readonly words: readonly Buffer[]
  /** Inputs to take pieces from. */
  readonly corpus: readonly Buffer[]
}

export const LONGEST = 16_384

/** Another input, near this one. */
export function mutate(input: Buffer, material: Material): Buffer {
  const { random } = material
  let bytes: Buffer = Buffer.from(input)
  for (let steps = 1 << random.below(4); steps > 0; steps--) bytes = random.pick(mutations)(bytes, material)
  return bytes.subarray(0, LONGEST)
}

type Mutation = (bytes: Buffer, material: Material) => Buffer

const flipBit: Mutation = (bytes, { random }) => {
  const at = random.below(bytes.length + 1)
  if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
  return bytes
}

const setByte: Mutation = (bytes, { random }) => {
  const at = random.below(bytes.length + 1)
  if (at < bytes.length) bytes[at] = anyByte(random)
  return bytes
}

const addToNumber: Mutation = (bytes, { random }) => {
  const size = random.pick([1, 2, 4])
  if (bytes.length < size) return bytes
  const at = random.below(bytes.length - size + 1)
  const value = bytes.readUIntLE(at, size) + random.below(33) - 16
  bytes.writeUIntLE(((value % 2 ** (8 * size)) + 2 ** (8 * size)) % 2 ** (8 * size), at, size)
  return bytes
}

const insertBytes: Mutation = (bytes, { random }) => {
  const added = Buffer.from(Array.from({ length: 1 + random.below(8) }, () => anyByte(random)))
  return spliced(bytes, random.below(bytes.length + 1), 0, added)
}

const removePiece: Mutation = (bytes, { random }) => {
  const [at, end] = piece(bytes, random)
  return spliced(bytes, at, end - at, Buffer.alloc(0))
}

const repeatPiece: Mutation = (bytes, { random }) => {
  const [at, end] = piece(bytes, random)
  const times = random.once(16) ? random.below(2000) : 1 + random.below(4)
  const length = Math.min((end - at) * times, LONGEST)
  return spliced(bytes, end, 0, Buffer.alloc(length, bytes.subarray(at, end)))
}

const movePiece: Mutation = (bytes, { random }) => {
  const [at, end] = piece(bytes, random)
  const taken = Buffer.from(bytes.subarray(at, end))
  const rest = spliced(bytes, at, end - at, Buffer.alloc(0))
  return spliced(rest, random.below(rest.length + 1), 0, taken)
}

const putWord: Mutation = (bytes, { random, words }) => {
  const word = random.pick(words) ?? Buffer.alloc(0)
  return spliced(bytes, random.below(bytes.length + 1), random.once(2) ? word.length : 0, word)
}

/** A run of letters and digits for a word of the code. */
const replaceWord: Mutation = (bytes, { random, words }) => {
  const isLetter = (at: number) => /[A-Za-z0-9_]/.test(String.fromCharCode(bytes[at] ?? 0))
  let start = random.below(bytes.length + 1)
  let end = start
  while (start > 0 && isLetter(start - 1)) start--
  while (end < bytes.length && isLetter(end)) end++
  return spliced(bytes, start, end - start, random.pick(words) ?? Buffer.alloc(0))
}

const cross: Mutation = (bytes, { random, corpus }) => {
  const other = random.pick(corpus) ?? bytes
  const [at, end] = piece(other, random)
  return spliced(bytes, random.below(bytes.length + 1), random.below(end - at + 1), other.subarray(at, end))
}

const changeLines: Mutation = (bytes, { random }) => {
  const lines = bytes.toString('latin1').split('\n')
  const [line = ''] = lines.splice(random.below(lines.length), 1)
  for (let times = random.below(3); times > 0; times--) lines.splice(random.below(lines.length + 1), 0, line)
  return Buffer.from(lines.join('\n'), 'latin1')
}

const mutations: readonly [Mutation, ...Mutation[]] = [
  flipBit,
  setByte,
  addToNumber,
  insertBytes,
  removePiece,
  repeatPiece,
  movePiece,
  putWord,
  replaceWord,
  cross,
  changeLines,
]

const EDGES = [0, 1, 0x7f, 0x80, 0xff] as const
const MARKS = Buffer.from('\n\r\t "\'#$%&()*+,-./0159:;<=>?@ABCZ[\\]^_`abcnz{|}~')

function anyByte(random: Random): number {
  if (random.once(2)) return random.below(256)
  return random.once(3) ? random.pick(EDGES) : (MARKS[random.below(MARKS.length)] ?? 0)
}

/** Most are short. */
function piece(bytes: Buffer, random: Random): [start: number, end: number] {
  const at = random.below(bytes.length + 1)
  return [at, Math.min(bytes.length, at + random.below(1 << random.below(10)))]
}

function spliced(bytes: Buffer, at: number, removed: number, added: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)])
}
