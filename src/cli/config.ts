import { configSchema } from '../config/schema.ts'
import type { Command } from './command.ts'
import { createOutput } from './output.ts'

export const command: Command = {
  builder: (yargs) =>
    yargs
      .command(
        'schema',
        'Print the JSON Schema of the configuration',
        (schema) => schema,
        (args) => createOutput(args).document(configSchema()),
      )
      .demandCommand(1, 'what about the configuration? `hushfs config schema` prints its JSON Schema')
      .example('$0 config schema > hushfs.schema.json', 'for an editor that checks YAML by a schema'),
  handler: () => undefined,
}
