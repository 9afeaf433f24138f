/**
 * The lives of batches, as OpenAI tells them:
 *
 *     validating ─► in_progress ─► finalizing ─► completed | expired | cancelled
 *         └─► failed        └─► cancelling ─┘
 *
 * A batch is checked, taken by the kernel, fed to it item by item, and over when the kernel says so: with its
 * last item, by its deadline, or when it is cancelled. Each step is in the commit of what it tells of, so that a
 * gateway that was killed goes on where it was.
 */
import type { Command, Rejection, DeclineReason } from "../../engine/index.ts"
import { batchView } from "../../engine/index.ts"
import type {
  AccountRecord,
  BatchError,
  BatchRecord,
  FileRecord,
  KeyRecord,
} from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import { durably } from "../driver/market-driver.ts"
import type { Calls } from "../gateway/call/calls.ts"
import { badRequest, conflict, HttpError, notFound } from "../http/http-error.ts"
import { runEffect } from "../http/run-effect.ts"
import { newPublicId } from "../http/secrets.ts"
import { creditsOf } from "../views/credits.ts"
import { secondsOf } from "../views/market-time.ts"
import { makeFeeder } from "./feeder.ts"
import type { Files } from "./files.ts"
import { readInputFile } from "./input-file.ts"
import { writeOutput } from "./output.ts"
import type { BatchView, BatchWish } from "./protocol.ts"

const millisPerHour = 3_600_000

export interface Batches {
  readonly open: (account: AccountRecord, key: KeyRecord, wish: BatchWish) => BatchRecord
  /** Throws 404 where the account has none of that id. */
  readonly named: (account: AccountRecord, publicId: string) => BatchRecord
  /** The account's, the latest first. */
  readonly of: (account: AccountRecord) => ReadonlyArray<BatchRecord>
  readonly cancel: (batch: BatchRecord) => BatchRecord
  readonly view: (batch: BatchRecord) => BatchView
  /** Goes on with those that are not over: once, when what was cut off has been ended. */
  readonly resume: () => void
  /** Gives out nothing any more. */
  readonly close: () => void
}

export const makeBatches = (services: LiveServices, calls: Calls, files: Files): Batches => {
  const { directory, driver, nowMillis, store } = services
  const { batches } = directory
  const feeder = makeFeeder(services, calls)
  const { economy } = driver.market
  let isClosed = false

  const now = (record: BatchRecord): BatchRecord => batches.get(record.id) ?? record

  const come = (
    record: BatchRecord,
    status: BatchRecord["status"],
    change: Partial<BatchRecord> = {},
  ): BatchRecord => {
    const cameAtMillis = { ...record.cameAtMillis, [status]: nowMillis() }
    const next = { ...record, ...change, status, cameAtMillis }
    batches.put(next)
    return next
  }

  const fail = (record: BatchRecord, errors: ReadonlyArray<BatchError>): void => {
    store.forgetBatchItems(record.id)
    come(record, "failed", { errors })
  }

  const validate = async (record: BatchRecord): Promise<void> => {
    const { id, endpoint } = record
    const file = directory.files.get(record.inputFile)
    if (file === undefined || file.deletedAtMillis !== undefined)
      return fail(record, [errorOf("file_deleted", "the file was deleted before it was read")])
    store.forgetBatchItems(id)
    const read = await readInputFile(services, files, file, endpoint, (items) =>
      store.putBatchItems(id, items),
    )
    if (isClosed) return
    if (now(record).status !== "validating") return store.forgetBatchItems(id)
    const { model, items, inputTokens, maxTokens, errors } = read
    if (errors.length > 0 || model === undefined) return fail(record, errors)
    const batch = driver.market.lastBatch + 1
    const taken = { ...record, batch, model: model.id, total: items }
    expected = { id, result: undefined }
    const rejection = driver.submit({
      _tag: "BatchOpened",
      batch,
      account: record.account,
      model: model.id,
      items,
      inputTokens,
      maxTokens,
    })
    const { result } = expected
    expected = undefined
    if (rejection !== undefined || result !== undefined)
      return fail(record, [whyNot(rejection ?? result)])
    feeder.feed(come(taken, "in_progress"))
  }

  /** The order that the kernel is just being asked for. */
  let expected: { readonly id: number; result: DeclineReason | undefined } | undefined

  const closed = (command: Extract<Command, { readonly _tag: "CloseBatch" }>): void => {
    const record = directory.batchByNumber(command.batch)
    if (record === undefined) return
    const { outcome, charged } = command
    const next = come(record, "finalizing", { outcome, charged })
    feeder.end(command.batch)
    background(finalize(next))
  }

  driver.addTaker((command) => {
    if (command._tag === "CloseBatch") closed(command)
    else if (command._tag === "DeclineBatch" && expected !== undefined)
      expected.result = command.reason
  })

  /** The files first, hidden; then, in one commit, that they are there and the batch is over. */
  const finalize = async (record: BatchRecord): Promise<void> => {
    const { account, publicId } = record
    const begun = (id: number | undefined, name: string): FileRecord =>
      directory.files.get(id ?? -1) ?? files.begin(account, `${publicId}_${name}.jsonl`)
    const output = begun(record.outputFile, "output")
    const errors = begun(record.errorFile, "error")
    const named = { ...record, outputFile: output.id, errorFile: errors.id }
    batches.put(named)
    const toOutput = files.writer(output)
    const toErrors = files.writer(errors)
    // The last answers are on their way to where they are read from.
    await runEffect(durably(driver))
    const { completed, failed } = await runEffect(writeOutput(services, record, toOutput, toErrors))
    if (isClosed) return
    const { outputFile: _output, errorFile: _errors, ...rest } = named
    if (completed > 0) toOutput.close()
    if (failed > 0) toErrors.close()
    store.forgetBatchItems(record.id)
    come(rest, finalStatus(record), {
      completed,
      failed,
      ...(completed > 0 ? { outputFile: output.id } : {}),
      ...(failed > 0 ? { errorFile: errors.id } : {}),
    })
  }

  /** Where the store cannot be read or written any more, the gateway ends, and goes on when it is started again. */
  const background = (work: Promise<void>): void => void work.catch(() => {})

  const view: Batches["view"] = (record) => {
    const kernel = record.batch === undefined ? undefined : batchView(driver.market, record.batch)
    const model = record.model === undefined ? undefined : directory.models.get(record.model)
    const fileId = (id: number | undefined): string | null =>
      record.status === "finalizing" ? null : (directory.files.get(id ?? -1)?.publicId ?? null)
    const at = (status: BatchRecord["status"]): number | null => {
      const millis = record.cameAtMillis[status]
      return millis === undefined ? null : secondsOf(millis)
    }
    return {
      id: record.publicId,
      object: "batch",
      endpoint: record.endpoint,
      model: model?.name ?? null,
      errors: record.errors === undefined ? null : { object: "list", data: record.errors },
      input_file_id: directory.files.get(record.inputFile)?.publicId ?? "",
      completion_window: "24h",
      status: record.status,
      output_file_id: fileId(record.outputFile),
      error_file_id: fileId(record.errorFile),
      created_at: secondsOf(record.createdAtMillis),
      in_progress_at: at("in_progress"),
      expires_at: secondsOf(record.expiresAtMillis),
      finalizing_at: at("finalizing"),
      completed_at: at("completed"),
      failed_at: at("failed"),
      expired_at: at("expired"),
      cancelling_at: at("cancelling"),
      cancelled_at: at("cancelled"),
      request_counts: {
        total: record.total,
        completed: kernel?.completed ?? record.completed,
        failed: kernel?.failed ?? record.failed,
      },
      charge: creditsOf(driver.market, kernel?.charged ?? record.charged),
      metadata: record.metadata,
    }
  }

  return {
    open: (account, key, wish) => {
      if (!economy.batches.areTaken)
        throw new HttpError({
          status: 404,
          type: "invalid_request_error",
          code: "batches_not_taken",
          message: `This market takes no batches: its economy, ${economy.name}, has none`,
        })
      const file = files.named(account, wish.input_file_id)
      if (file.purpose !== "batch")
        throw badRequest("`input_file_id`: must be a file of purpose batch", "input_file_id")
      const millis = nowMillis()
      const record: BatchRecord = {
        id: batches.nextId(),
        publicId: newPublicId("batch"),
        account: account.id,
        key: key.id,
        endpoint: wish.endpoint,
        inputFile: file.id,
        metadata: wish.metadata ?? null,
        status: "validating",
        total: 0,
        completed: 0,
        failed: 0,
        charged: 0,
        createdAtMillis: millis,
        expiresAtMillis: millis + Math.round(economy.batches.windowHours * millisPerHour),
        cameAtMillis: {},
      }
      batches.put(record)
      background(validate(record))
      return record
    },
    named: (account, publicId) => {
      const batch = directory.batchByPublicId(publicId)
      if (batch?.account !== account.id) throw notFound(`batch ${publicId.slice(0, 100)} of yours`)
      return batch
    },
    of: (account) =>
      directory
        .batchesOfAccount(account.id)
        .flatMap((id) => batches.get(id) ?? [])
        .toReversed(),
    cancel: (batch) => {
      if (batch.status === "validating") {
        store.forgetBatchItems(batch.id)
        return come(batch, "cancelled")
      }
      if (batch.status === "cancelling") return batch
      if (batch.status !== "in_progress" || batch.batch === undefined)
        throw conflict("batch_over", `The batch is ${batch.status}: it can no longer be cancelled`)
      // First, as the kernel may close it at once.
      come(batch, "cancelling")
      const fact = { _tag: "BatchCancelled", batch: batch.batch, by: batch.account } as const
      const rejection = driver.submit(fact)
      if (rejection !== undefined) throw new Error(`batches: not cancelled: ${rejection}`)
      return now(batch)
    },
    view,
    resume: () => {
      for (const record of batches.all()) {
        const { batch, status } = record
        if (status === "validating") background(validate(record))
        else if (status === "finalizing") background(finalize(record))
        else if (status === "in_progress" || status === "cancelling") {
          const kernel = batchView(driver.market, batch ?? -1)
          if (kernel !== undefined) feeder.feed(record)
          // Its deadline came while the gateway was away.
          else {
            const outcome = status === "cancelling" ? "cancelled" : "expired"
            background(finalize(come(record, "finalizing", { outcome })))
          }
        }
      }
    },
    close: () => {
      isClosed = true
      feeder.close()
    },
  }
}

const finalStatus = ({ outcome }: BatchRecord): BatchRecord["status"] =>
  outcome === "done" ? "completed" : (outcome ?? "completed")

const errorOf = (code: string, message: string): BatchError => ({
  code,
  message,
  param: null,
  line: null,
})

/** Why the kernel has not taken a batch. */
const whyNot = (reason: Rejection | DeclineReason | undefined): BatchError => {
  switch (reason) {
    case "InsufficientCredits":
      return errorOf(
        "insufficient_credits",
        "the account's credits do not cover the longest answers to all requests",
      )
    case "NoCapacity":
      return errorOf(
        "no_capacity",
        "the batch is larger than what the market expects to have idle in its window; try a smaller one",
      )
    default:
      return errorOf("not_taken", `the market did not take the batch: ${reason ?? "unknown"}`)
  }
}
