/** `evenkeel analytics`, `suggestions`, `alerts`: how much of a machine was sold, and what could be changed. */
import { Effect, Option } from "effect"
import * as Command from "../../platform/terminal/command.ts"
import { alignColumns, jsonOption, printable, printResult } from "../../platform/terminal/output.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"
import type { AlertView, GpuAnalytics, GpuSuggestions } from "../protocol/figures-protocol.ts"
import { asking, marketOf, marketOptions } from "./profile.ts"

const gpuId = Parameter.text("gpu-id", "ID", "The machine, as `evenkeel gpu list` has it.")

const pathOf = (id: string, rest: string): string =>
  `/marketplace/gpu/${encodeURIComponent(id)}/${rest}`

export const analyticsCommand = Command.make({
  parameters: {
    gpuId,
    period: Parameter.withDefault(
      Parameter.text("period", "30d", "How far back, such as 30d or 12h; 30d by default."),
      "30d",
    ),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const query = new URLSearchParams({ period: given.period }).toString()
      const analytics = (yield* asking(market, () =>
        market.api.ask("GET", pathOf(given.gpuId, `analytics?${query}`)),
      )) as GpuAnalytics
      return yield* printResult(given.json, analytics, () => analyticsText(analytics))
    }),
})

const percent = (share: number | null): string =>
  share === null ? "–" : `${Math.round(share * 1000) / 10}%`

const analyticsText = (analytics: GpuAnalytics): string =>
  [
    alignColumns([
      ["from", analytics.from],
      ["until", analytics.until],
      [
        "utilization",
        `${percent(analytics.utilization_rate)}: ${analytics.sold_hours} of ${analytics.open_hours} h`,
      ],
      [
        "realized rate",
        analytics.realized_rate === null ? "nothing yet" : `${analytics.realized_rate} credits/h`,
      ],
      [
        "peak hours",
        analytics.peak_hours.length === 0
          ? "nothing sold yet"
          : `${analytics.peak_hours.join(", ")} h (${analytics.timezone})`,
      ],
    ]),
    "",
    alignColumns([
      ["hour", "sold h", "open h", "utilization"],
      ...analytics.hours
        .filter((one) => one.open_hours > 0)
        .map((one) => [
          String(one.hour),
          String(one.sold_hours),
          String(one.open_hours),
          percent(one.utilization),
        ]),
    ]),
    ...(analytics.profitable_models.length === 0
      ? []
      : [
          "",
          alignColumns([
            ["model", "credits", "job-hours", "credits/h"],
            ...analytics.profitable_models.map((one) => [
              printable(one.model),
              one.share,
              String(one.job_hours),
              one.share_per_hour ?? "–",
            ]),
          ]),
        ]),
  ].join("\n")

export const suggestionsCommand = Command.make({
  parameters: { gpuId, ...marketOptions, json: jsonOption },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const found = (yield* asking(market, () =>
        market.api.ask("GET", pathOf(given.gpuId, "suggestions")),
      )) as GpuSuggestions
      return yield* printResult(given.json, found, () => suggestionsText(found))
    }),
})

const suggestionsText = (found: GpuSuggestions): string => {
  if (found.ready_at !== null)
    return `Nothing is suggested before ${found.needed_hours} h of data; there are ${found.data_hours} h, so from ${found.ready_at} on.`
  if (found.suggestions.length === 0) return "Nothing to suggest."
  return found.suggestions
    .map((one, index) =>
      [
        `${index + 1}. ${printable(one.description)}`,
        ...one.arithmetic.map((line) => `   because ${printable(line)}`),
        `   impact: ${one.impact}`,
        ...one.implementation_steps.map((step) => `   - ${printable(step)}`),
      ].join("\n"),
    )
    .join("\n\n")
}

export const alertsCommand = Command.make({
  parameters: {
    gpuId: Parameter.optional(Parameter.text("gpu-id", "ID", "Only of this machine.")),
    firing: Parameter.flag("firing", "Only those that fire now."),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const query = new URLSearchParams({ limit: "1000" })
      if (given.firing) query.set("state", "firing")
      if (Option.isSome(given.gpuId)) query.set("gpu_id", given.gpuId.value)
      const found = (yield* asking(market, () =>
        market.api.ask("GET", `/marketplace/alerts?${query.toString()}`),
      )) as { readonly data: ReadonlyArray<AlertView> }
      return yield* printResult(given.json, found, () => alertsText(found.data))
    }),
})

const alertsText = (alerts: ReadonlyArray<AlertView>): string =>
  alerts.length === 0
    ? "No alerts."
    : alignColumns([
        ["machine", "alert", "state", "since", "value", "threshold"],
        ...alerts.map((one) => [
          `${printable(one.gpu)} (${one.gpu_id})`,
          one.alert,
          one.state,
          one.since,
          one.alert === "gpu_failure" ? `${one.value} gone` : percent(one.value),
          one.threshold ?? "–",
        ]),
      ])
