#!/usr/bin/env node
import { prepareUnseal, takePrepared } from '../daemon/prepared.ts'

const argv = process.argv.slice(2)
// The child's start overlaps with loading the command line and the configuration.
if (argv[0] === 'mount') prepareUnseal()
const { main } = await import('./main.ts')
process.exitCode = await main(argv)
takePrepared()?.kill()
