import type { Target } from '../target.ts'

export const target: Target = {
  run: (input) => {
    while (input.length > 3);
  },
  expects: () => false,
}
