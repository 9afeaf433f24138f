/** `evenkeel scenario`: what can stand in a scenario file. */
import { Console } from "effect"
import { scenarioJsonSchema } from "../scenarios/json-schema.ts"
import * as Command from "../../platform/terminal/command.ts"

const schemaCommand = Command.make({
  name: "schema",
  meaning:
    "Print the JSON Schema of scenario files: every setting with its meaning, range and default.",
  parameters: {},
  run: () => Console.log(JSON.stringify(scenarioJsonSchema(), null, 2)),
})

export const scenarioCommand = Command.group("scenario", "What can stand in a scenario file.", [
  schemaCommand,
])
