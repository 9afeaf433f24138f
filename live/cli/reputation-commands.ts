/** `evenkeel rate`, `reputation`, `gpu host-model`: what is said of providers, and what they specialise in. */
import { Effect, Option } from "effect"
import * as Command from "../../platform/terminal/command.ts"
import { alignColumns, jsonOption, printable, printResult } from "../../platform/terminal/output.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import type { GpuModelsView, GpuReputation, RatingAnswer } from "../protocol/reputation-protocol.ts"
import { numberIn, optionalText, present } from "./given.ts"
import { asking, marketOf, marketOptions } from "./profile.ts"

const gpuId = Parameter.text("gpu-id", "ID", "The machine, as `evenkeel gpu list` has it.")

export const rateCommand = Command.make({
  parameters: {
    bookingId: Parameter.text("booking-id", "ID", "The booking, as `evenkeel bookings` has it."),
    stars: Parameter.text("stars", "1-5", "One star to five."),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      if (!/^[1-5]$/.test(given.stars))
        return yield* new UsageError({
          argument: `--stars ${given.stars}`,
          allowed: "expected a whole number from 1 to 5",
        })
      const market = yield* marketOf(given)
      const path = `/marketplace/bookings/${encodeURIComponent(given.bookingId)}/rating`
      const answer = (yield* asking(market, () =>
        market.api.ask("POST", path, { stars: Number(given.stars) }),
      )) as RatingAnswer
      return yield* printResult(
        given.json,
        answer,
        () => `Rated with ${answer.stars} of 5 stars.\n\n${reputationText(answer.reputation)}`,
      )
    }),
})

export const reputationCommand = Command.make({
  parameters: { gpuId, ...marketOptions, json: jsonOption },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const path = `/marketplace/gpu/${encodeURIComponent(given.gpuId)}/reputation`
      const found = (yield* asking(market, () => market.api.ask("GET", path))) as GpuReputation
      return yield* printResult(given.json, found, () => reputationText(found))
    }),
})

const percent = (share: number): string => `${Math.round(share * 1000) / 10}%`
const hundredth = (value: number): number => Math.round(value * 100) / 100

const reputationText = (found: GpuReputation): string =>
  alignColumns([
    ["overall", `${percent(found.overall_score)}, rank ${found.rank} of ${found.providers} there`],
    ["success of calls", percent(found.success_rate)],
    [
      "availability",
      `${percent(found.availability)}, of ${hundredth(found.sold_hours)} sold hours`,
    ],
    ["on time", `${percent(found.on_time_rate)}, of ${hundredth(found.starts)} bookings`],
    [
      "satisfaction",
      `${percent(found.client_satisfaction)}, of ratings that weigh ${hundredth(found.ratings)}`,
    ],
    [
      "response",
      found.avg_response_time === null
        ? "nothing began of late"
        : `${found.avg_response_time} s until there is access`,
    ],
  ])

export const hostModelCommand = Command.make({
  parameters: {
    gpuId,
    model: Parameter.text("model", "NAME", "A specialised model of the market."),
    path: optionalText("path", "FILE", "Where it lies on the machine; shown to you alone."),
    memory: optionalText("memory", "GIB", "What it takes: that is not sold by the hour."),
    specialization: optionalText("specialization", "TEXT", "What it is good at, for people."),
    accuracy: optionalText(
      "accuracy",
      "SHARE",
      "What you measured, 0 to 1, where the market takes its providers' word.",
    ),
    remove: Parameter.flag("remove", "The machine hosts it no more."),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const memory = yield* numberIn("--memory", given.memory)
      const accuracy = yield* numberIn("--accuracy", given.accuracy)
      const market = yield* marketOf(given)
      const path = `/marketplace/gpu/${encodeURIComponent(given.gpuId)}/models`
      const known = (yield* asking(market, () => market.api.ask("GET", path))) as GpuModelsView
      const others = known.models
        .filter((one) => one.model_name !== given.model)
        .map((one) => ({
          model_name: one.model_name,
          ...(one.model_path === null ? {} : { model_path: one.model_path }),
          requirements: {
            gpu_memory: one.gpu_memory,
            ...(one.specialization === null ? {} : { specialization: one.specialization }),
          },
        }))
      const own = {
        model_name: given.model,
        ...present({
          model_path: Option.getOrUndefined(given.path),
          measured_accuracy: accuracy,
        }),
        requirements: present({
          gpu_memory: memory,
          specialization: Option.getOrUndefined(given.specialization),
        }),
      }
      const models = given.remove ? others : [...others, own]
      const changed = (yield* asking(market, () =>
        market.api.ask("PUT", path, { models }),
      )) as GpuModelsView
      return yield* printResult(given.json, changed, () => modelsText(changed))
    }),
})

const stateText: Readonly<Record<GpuModelsView["models"][number]["state"], string>> = {
  not_served: "its host serves no calls of it",
  not_measured: "not measured: it gets no calls yet",
  below_accuracy: "not accurate enough: it gets no calls",
  served: "served",
}

const modelsText = ({ models, memory_for_sale_gib }: GpuModelsView): string =>
  [
    models.length === 0
      ? "It hosts no specialised models."
      : alignColumns([
          ["model", "for", "GiB", "accuracy", "needed", "premium", "now"],
          ...models.map((one) => [
            printable(one.model_name),
            printable(one.specialization ?? "–"),
            String(one.gpu_memory),
            one.accuracy === null ? "–" : percent(one.accuracy),
            percent(one.accuracy_requirement),
            percent(one.premium_rate),
            stateText[one.state],
          ]),
        ]),
    "",
    `${memory_for_sale_gib} GiB are left to be sold by the hour.`,
  ].join("\n")
