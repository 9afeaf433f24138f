/** `evenkeel batch`: many requests that can wait, at a discount. */
import { Effect } from "effect"
import { readFile } from "node:fs/promises"
import { causeText } from "../../platform/cause.ts"
import * as Command from "../../platform/terminal/command.ts"
import { alignColumns, jsonOption, printable, printResult } from "../../platform/terminal/output.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"
import { bringBatch, type Batch } from "../agent/transport/batches.ts"
import { MarketCommandFailed } from "./failure.ts"
import { asking, marketOf, marketOptions } from "./profile.ts"

const submitCommand = Command.make({
  parameters: {
    file: Parameter.argument("FILE", "One request a line: custom_id, method, url and body."),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const bytes = yield* Effect.tryPromise({
        try: () => readFile(given.file),
        catch: (cause) => new MarketCommandFailed({ message: causeText(cause) }),
      })
      const batch = yield* asking(market, () => bringBatch(market.api, bytes))
      return yield* printResult(given.json, batch, () => batchText(batch))
    }),
})

const statusCommand = Command.make({
  parameters: {
    id: Parameter.argument("ID", "The batch, as `evenkeel batch submit` named it."),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const path = `/v1/batches/${encodeURIComponent(given.id)}`
      const batch = (yield* asking(market, () => market.api.ask("GET", path))) as Batch
      return yield* printResult(given.json, batch, () => batchText(batch))
    }),
})

const batchText = (batch: Batch): string => {
  const { total, completed, failed } = batch.request_counts
  return [
    alignColumns([
      ["batch", batch.id],
      ["now", batch.status.replaceAll("_", " ")],
      ["requests", `${total}: ${completed} answered, ${failed} not`],
      ["charged", `${batch.charge} credits`],
      ["until", new Date(batch.expires_at * 1000).toISOString()],
      ...(batch.output_file_id === null ? [] : [["answers", batch.output_file_id]]),
      ...(batch.error_file_id === null ? [] : [["errors", batch.error_file_id]]),
    ]),
    ...(batch.errors?.data ?? []).map(({ message }) => printable(message)),
  ].join("\n")
}

export const batchCommand = Command.group([
  Command.listed(
    "submit",
    "Bring a file of requests, and open a batch of it.",
    async () => submitCommand,
  ),
  Command.listed("status", "How a batch of yours does.", async () => statusCommand),
])
