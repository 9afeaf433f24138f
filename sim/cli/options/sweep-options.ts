/** What the commands that run a design are told alike: factors, common settings, shard, folder. */
import { Effect, Option } from "effect"
import type { Shard } from "../../results/models/sweep-model.ts"
import { wholeSweep } from "../../results/models/sweep-model.ts"
import { UsageError } from "../../../platform/terminal/usage-error.ts"
import * as Parameter from "../../../platform/terminal/parameter.ts"

export const varyOption = Parameter.repeated(
  Parameter.text(
    "vary",
    "PATH=VALUES",
    "A setting that varies: a list (fleet.nodes=10,20,40), equally spaced values (economy.feeBps=500..2000:4), by ratio (log(1..100):3), or any value of a range (0..0.1) where the design samples. At least one; may be repeated.",
  ),
)
export const bothOption = Parameter.repeated(
  Parameter.text(
    "both",
    "PATH=VALUE",
    "One setting of all points alike, such as horizonDays=2. May be repeated.",
  ),
)
export const shardOption = Parameter.optional(
  Parameter.text(
    "shard",
    "I/N",
    "Run part I of N only, on this machine; evenkeel merge joins the parts. A part is every Nth point.",
  ),
)
export const outOption = Parameter.optional(
  Parameter.text(
    "out",
    "FOLDER",
    "Where finished cells are kept and results go; a sweep of the same definition is continued there. By default out/SCENARIO-COMMAND.",
  ),
)

const mostShards = 10_000

/** The shard of `--shard`, or the whole. */
export const shardFrom = (given: Option.Option<string>): Effect.Effect<Shard, UsageError> =>
  Option.match(given, {
    onNone: () => Effect.succeed(wholeSweep),
    onSome: (text) => {
      const [, index = 0, count = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number)
      return index >= 1 && index <= count && count <= mostShards
        ? Effect.succeed({ index, count })
        : new UsageError({
            argument: `--shard ${text}`,
            allowed: `expected part/parts, for example 1/4, with at most ${mostShards} parts`,
          })
    },
  })

/** The whole number of an option such as `--points`, where it is given. */
export const countFrom = (
  name: string,
  given: Option.Option<string>,
  least: number,
  most: number,
): Effect.Effect<number | undefined, UsageError> =>
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
  ).pipe(Effect.map(Option.getOrUndefined))
