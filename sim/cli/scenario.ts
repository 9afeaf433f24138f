/** `evenkeel scenario`: what can stand in a scenario file. */
import { Command } from "@effect/cli"
import { Console } from "effect"
import { scenarioJsonSchema } from "../scenarios/json-schema.ts"

const schemaCommand = Command.make("schema", {}, () =>
  Console.log(JSON.stringify(scenarioJsonSchema(), null, 2)),
).pipe(
  Command.withDescription(
    "Print the JSON Schema of scenario files: every setting with its meaning, range and default.",
  ),
)

export const scenarioCommand = Command.make("scenario").pipe(
  Command.withDescription("What can stand in a scenario file."),
  Command.withSubcommands([schemaCommand]),
)
