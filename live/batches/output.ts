/** What a batch leaves: its answers as one file, and what went wrong as another, a line for each item. */
import { Effect } from "effect"
import { isObject } from "../../platform/json/json-object.ts"
import type { BatchRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import type { HttpError } from "../http/http-error.ts"
import { errorBody } from "../http/http-error.ts"
import type { StoreFault } from "../store/errors.ts"
import type { FileWriter } from "./files.ts"

/** The end of an item as it is kept until its batch is over. */
export interface ItemAnswer {
  readonly requestId: string
  readonly status: number
  readonly body: unknown
}

export const answered = (requestId: string, body: unknown): string =>
  JSON.stringify({ requestId, status: 200, body } satisfies ItemAnswer)

export const refused = (requestId: string, error: HttpError): string =>
  JSON.stringify({ requestId, status: error.status, body: errorBody(error) } satisfies ItemAnswer)

/** Why an item has no answer at all. */
const withoutAnswer = {
  expired: {
    code: "batch_expired",
    message: "This request was not answered before the batch's window was over; it is not charged",
  },
  cancelled: {
    code: "batch_cancelled",
    message: "This request was not answered before the batch was cancelled; it is not charged",
  },
  done: { code: "request_failed", message: "No host could answer this request; it is not charged" },
} as const

const rowsOnPage = 200

export interface Written {
  readonly completed: number
  readonly failed: number
}

/** Writes the lines of all items of a batch that is over, in the order of its file. */
export const writeOutput = (
  { store }: Pick<LiveServices, "store">,
  batch: BatchRecord,
  output: FileWriter,
  errors: FileWriter,
): Effect.Effect<Written, StoreFault> =>
  Effect.gen(function* () {
    let completed = 0
    let failed = 0
    for (let from = 0; from < batch.total;) {
      const rows = yield* store.batchItems(batch.id, from, rowsOnPage)
      if (rows.length === 0) break
      for (const { item, asked, answer } of rows) {
        const ended = answer === null ? undefined : (JSON.parse(answer) as ItemAnswer)
        const line = lineOf(batch, item, asked, ended)
        if (ended?.status === 200) {
          completed += 1
          output.line(line)
        } else {
          failed += 1
          errors.line(line)
        }
      }
      from = (rows.at(-1)?.item ?? from) + 1
    }
    return { completed, failed }
  })

const lineOf = (
  batch: BatchRecord,
  item: number,
  asked: string,
  ended: ItemAnswer | undefined,
): string => {
  const written: unknown = JSON.parse(asked)
  return JSON.stringify({
    id: `batch_req_${batch.publicId.slice("batch_".length)}_${item}`,
    custom_id: isObject(written) ? written["customId"] : null,
    response:
      ended === undefined
        ? null
        : { status_code: ended.status, request_id: ended.requestId, body: ended.body },
    error: ended === undefined ? withoutAnswer[batch.outcome ?? "done"] : null,
  })
}
