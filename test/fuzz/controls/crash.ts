import type { Target } from '../target.ts'

/** Pure chance finds this once in 16 million inputs. */
export const target: Target = {
  run: (input) => {
    if (input[0] === 0x68) if (input[1] === 0x75) if (input[2] === 0x73) throw new TypeError('planted')
  },
  expects: (error) => error instanceof RangeError,
}
