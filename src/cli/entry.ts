#!/usr/bin/env node
import { discardPrepared, prepare } from '../daemon/prepared.ts'

const argv = process.argv.slice(2)
// Their start overlaps with loading the command line and the configuration.
if (argv[0] === 'mount' || argv[0] === 'serve') prepare()
const { main } = await import('./main.ts')
process.exitCode = await main(argv)
discardPrepared()
