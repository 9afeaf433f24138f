/** `evenkeel gpu service`: a machine's tiers, its queue, and what calls are drawn to it by. */
import { Effect, Option } from "effect"
import { readFileSync } from "node:fs"
import { parse } from "yaml"
import { causeText } from "../../platform/cause.ts"
import * as Command from "../../platform/terminal/command.ts"
import { jsonOption, printResult } from "../../platform/terminal/output.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import type { ServiceView } from "../protocol/queue-protocol.ts"
import { numberOf, optionalText } from "./given.ts"
import { asking, marketOf, marketOptions } from "./profile.ts"

export const serviceCommand = Command.make({
  parameters: {
    gpuId: Parameter.text("gpu-id", "ID", "The machine, as `evenkeel gpu list` has it."),
    tiers: optionalText(
      "tiers",
      "FILE",
      "Its tiers: YAML, by name, with rate_per_hour, max_jobs and priority; {}: none.",
    ),
    maxQueueSize: optionalText("max-queue-size", "N", "Calls that may wait at it; 0: none."),
    queueTimeout: optionalText("queue-timeout", "SECONDS", "How long they may; 60 by default."),
    optimizationTarget: optionalText(
      "optimization-target",
      "NAME",
      "What calls are drawn to it by: throughput or latency.",
    ),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      if (Option.isSome(given.queueTimeout) && Option.isNone(given.maxQueueSize))
        return yield* new UsageError({
          argument: "--queue-timeout",
          allowed: "expected --max-queue-size beside it",
        })
      const market = yield* marketOf(given)
      const path = `/marketplace/gpu/${encodeURIComponent(given.gpuId)}`
      const put = (what: string, body: object) =>
        asking(market, () => market.api.ask("PUT", `${path}/${what}`, body))
      if (Option.isSome(given.tiers))
        yield* put("tiers", { tiers: yield* tiersIn(given.tiers.value) })
      if (Option.isSome(given.maxQueueSize))
        yield* put("queue", {
          max_queue_size: yield* numberOf("--max-queue-size", given.maxQueueSize.value),
          ...(Option.isNone(given.queueTimeout)
            ? {}
            : { timeout_seconds: yield* numberOf("--queue-timeout", given.queueTimeout.value) }),
        })
      if (Option.isSome(given.optimizationTarget))
        yield* put("balancing", { optimization_target: given.optimizationTarget.value })
      const view = (yield* asking(market, () =>
        market.api.ask("GET", `${path}/service`),
      )) as ServiceView
      return yield* printResult(given.json, view, () => textOf(view))
    }),
})

/** Rates as they are written: a number is a decimal as well. */
const tiersIn = (file: string): Effect.Effect<unknown, UsageError> =>
  Effect.try({
    try: () => {
      const read = (parse(readFileSync(file, "utf8")) ?? {}) as Record<string, object>
      return Object.fromEntries(
        Object.entries(read).map(([name, tier]) => [
          name,
          Object.fromEntries(
            Object.entries(tier).map(([key, value]) => [
              key,
              key === "rate_per_hour" ? String(value) : value,
            ]),
          ),
        ]),
      )
    },
    catch: (error) =>
      new UsageError({
        argument: `--tiers ${file}`,
        allowed: `expected a file of tiers by name: ${causeText(error)}`,
      }),
  })

const textOf = ({ tiers, queue, balancing }: ServiceView): string =>
  [
    ...Object.entries(tiers).map(
      ([name, tier]) =>
        `${name}: ${tier.rate_per_hour} credits an hour, ${tier.max_jobs} at once, ${tier.priority}`,
    ),
    Object.keys(tiers).length === 0 ? "No tiers: calls are served as anybody's." : "",
    queue.max_queue_size === 0
      ? "No calls wait at it."
      : `${queue.max_queue_size} calls may wait at it, ${queue.timeout_seconds} s each.`,
    `Calls are drawn to it by ${balancing.strategy}, for ${balancing.optimization_target}.`,
  ]
    .filter((line) => line !== "")
    .join("\n")
