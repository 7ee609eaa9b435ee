#!/usr/bin/env node
import { discardPrepared, prepare } from '../daemon/prepared.ts'

async function run(argv: readonly string[]): Promise<void> {
  // Their start overlaps with loading the command line and the configuration.
  if (argv[0] === 'mount' || argv[0] === 'serve') await prepare()
  const { main } = await import('./main.ts')
  process.exitCode = await main(argv)
  discardPrepared()
}

void run(process.argv.slice(2))
