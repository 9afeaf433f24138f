/** What the commands that simulate a scenario are told alike: scenario, seed, replications, workers. */
import { Effect, Option } from "effect"
import { availableParallelism } from "node:os"
import { builtInScenarios } from "../../scenarios/load.ts"
import { UsageError } from "../../../platform/terminal/usage-error.ts"
import * as Parameter from "../../../platform/terminal/parameter.ts"

export { commandAgain } from "../../experiment/command-again.ts"

export const scenarioArgument = Parameter.argument(
  "scenario",
  `A built-in scenario (${builtInScenarios.join(", ")}) or a YAML file.`,
)
export const seedOption = Parameter.optional(
  Parameter.text(
    "seed",
    "TEXT",
    "What every draw follows from: the same seed gives the same digest. By default the scenario's own.",
  ),
)
export const replicationsOption = Parameter.optional(
  Parameter.text(
    "replications",
    "N",
    "Independent repetitions; intervals need at least 2. By default as many as the scenario says.",
  ),
)
export const workersOption = Parameter.optional(
  Parameter.text(
    "workers",
    "N",
    "Replications that run at once; as many as there are cores by default. Results do not depend on it.",
  ),
)

const maxWorkers = 256
export const maxReplications = 100_000

/** The whole number that an option gives, where it is given. */
export const numberFrom = (
  name: string,
  given: Option.Option<string>,
  least: number,
  most: number,
): Effect.Effect<Option.Option<number>, UsageError> =>
  Effect.transposeOption(
    Option.map(given, (text) => {
      const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
      return value >= least && value <= most
        ? Effect.succeed(value)
        : new UsageError({
            argument: `--${name} ${text}`,
            allowed: `expected a whole number, ${least} to ${most}`,
          })
    }),
  )

/** The number of `--workers`, or of the cores. */
export const workersFrom = (given: Option.Option<string>): Effect.Effect<number, UsageError> =>
  Effect.map(
    numberFrom("workers", given, 1, maxWorkers),
    Option.getOrElse(() => Math.min(availableParallelism(), maxWorkers)),
  )

/** The number of `--replications`, where it is given. */
export const replicationsFrom = (given: Option.Option<string>, least = 1) =>
  numberFrom("replications", given, least, maxReplications)
