/** `evenkeel status`, `earnings`, `rates`: how machines do, and what hours cost. */
import { Effect, Option } from "effect"
import * as Command from "../../platform/terminal/command.ts"
import { alignColumns, jsonOption, printable, printResult } from "../../platform/terminal/output.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"
import type { GpuEarnings } from "../protocol/figures-protocol.ts"
import type { GpuStatus, RegionRates } from "../protocol/hours-protocol.ts"
import { asking, marketOf, marketOptions } from "./profile.ts"
import { gpuText } from "./tables.ts"

const gpuId = Parameter.text("gpu-id", "ID", "The machine, as `evenkeel gpu list` has it.")

export const statusCommand = Command.make({
  parameters: { gpuId, ...marketOptions, json: jsonOption },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const status = (yield* asking(market, () =>
        market.api.ask("GET", `/marketplace/gpu/${encodeURIComponent(given.gpuId)}/status`),
      )) as GpuStatus
      return yield* printResult(given.json, status, () =>
        [
          gpuText(status),
          "",
          alignColumns([
            [
              "utilization",
              `${Math.round(status.utilization * 1000) / 10}% of its hours, 30 days at most`,
            ],
            ["sold", `${status.sold_hours} h`],
            [
              "realized rate",
              status.realized_rate === null ? "nothing yet" : `${status.realized_rate} credits/h`,
            ],
            ["bookings", `${status.open_bookings} open, ${status.running.length} running`],
            ["next", status.next_booking_at ?? "none ahead"],
          ]),
        ].join("\n"),
      )
    }),
})

export const earningsCommand = Command.make({
  parameters: {
    gpuId,
    period: Parameter.withDefault(
      Parameter.text("period", "30d", "How far back, such as 30d or 12h; 30d by default."),
      "30d",
    ),
    by: Parameter.optional(
      Parameter.text("by", "client,model,hour", "Parts that each sum to the total."),
    ),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const query = new URLSearchParams({ period: given.period })
      if (Option.isSome(given.by)) query.set("by", given.by.value)
      const earnings = (yield* asking(market, () =>
        market.api.ask(
          "GET",
          `/marketplace/gpu/${encodeURIComponent(given.gpuId)}/earnings?${query.toString()}`,
        ),
      )) as GpuEarnings
      return yield* printResult(given.json, earnings, () => earningsText(earnings))
    }),
})

const earningsText = (earnings: GpuEarnings): string =>
  [
    alignColumns([
      ["from", earnings.from],
      ["until", earnings.until],
      ["earned", `${earnings.total} credits (${earnings.gross} paid, ${earnings.fee} fee)`],
      ["of that", `${earnings.of_hours} for hours, ${earnings.of_calls} for calls`],
      ["a day", `${earnings.daily_average}, over ${earnings.days} days`],
      ["bookings", `${earnings.bookings}, and ${earnings.calls} calls`],
      ...(earnings.top_client === null ? [] : [["top client", earnings.top_client]]),
      [
        "realized rate",
        earnings.realized_rate === null ? "nothing yet" : `${earnings.realized_rate} credits/h`,
      ],
    ]),
    ...Object.entries(earnings.by).flatMap(([name, parts]) => [
      "",
      alignColumns([
        [name, "credits", "bookings", "calls"],
        ...parts.map(({ key, share, bookings, calls }) => [
          printable(key),
          share,
          String(bookings),
          String(calls),
        ]),
      ]),
    ]),
  ].join("\n")

export const ratesCommand = Command.make({
  parameters: { ...marketOptions, json: jsonOption },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const rates = (yield* asking(market, () => market.api.ask("GET", "/marketplace/rates"))) as {
        readonly data: ReadonlyArray<RegionRates>
      }
      return yield* printResult(given.json, rates, () =>
        alignColumns([
          ["region", "zone", "machines", "in use", "least", "median", "most"],
          ...rates.data.map((one) => [
            one.region,
            one.timezone,
            String(one.offered),
            `${Math.round(one.use * 100)}%`,
            one.min ?? "–",
            one.median ?? "–",
            one.max ?? "–",
          ]),
        ]),
      )
    }),
})
