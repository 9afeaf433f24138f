/** `evenkeel scenario`: what can stand in a scenario file. */
import { Console } from "effect"
import { scenarioJsonSchema } from "../scenarios/json-schema.ts"
import * as Command from "../../platform/terminal/command.ts"

const schemaCommand = Command.make({
  parameters: {},
  run: () => Console.log(JSON.stringify(scenarioJsonSchema(), null, 2)),
})

export const scenarioCommand = Command.group([
  Command.listed(
    "schema",
    "Print the JSON Schema of scenario files: every setting with its meaning, range and default.",
    async () => schemaCommand,
  ),
])
