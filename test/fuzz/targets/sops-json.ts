import { sopsTarget } from './sops.ts'

export const target = sopsTarget('json')
