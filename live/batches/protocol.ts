/** Files and batches as they go over the wire: OpenAI's fields, so that its clients work unchanged. */
import { Schema } from "effect"
import { batchStatuses } from "../directory/records.ts"
import { described, optional, text, UnixSeconds } from "../http/fields.ts"

const MaybeSeconds = Schema.NullOr(UnixSeconds)
const MaybeFile = Schema.NullOr(Schema.String)

export const FileView = Schema.Struct({
  id: Schema.String,
  object: Schema.Literal("file"),
  bytes: Schema.Int,
  created_at: UnixSeconds,
  filename: Schema.String,
  purpose: Schema.Literal("batch", "batch_output"),
  status: Schema.Literal("processed"),
})
export type FileView = typeof FileView.Type

export const DeletedFile = Schema.Struct({
  id: Schema.String,
  object: Schema.Literal("file"),
  deleted: Schema.Boolean,
})

const pageOf = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.Struct({
    object: Schema.Literal("list"),
    data: Schema.Array(item),
    first_id: Schema.NullOr(Schema.String),
    last_id: Schema.NullOr(Schema.String),
    has_more: Schema.Boolean,
  })
export const FilePage = pageOf(FileView)

const limit = (most: number, otherwise: number) =>
  optional(
    Schema.String.pipe(Schema.pattern(/^[1-9]\d{0,4}$/)),
    `How many; 1 to ${most}, default ${otherwise}`,
  )
const After = optional(text(100), "The id that the page before ended with")

export const mostFiles = 10_000
export const FileQuery = Schema.Struct({
  purpose: optional(Schema.String, "Only files of this purpose"),
  limit: limit(mostFiles, mostFiles),
  order: optional(Schema.Literal("asc", "desc"), "By the time of creation; default desc"),
  after: After,
})
export type FileQuery = typeof FileQuery.Type

export const FilePath = Schema.Struct({ id: described(text(100), "Of a file") })
export type FilePath = typeof FilePath.Type

const endpoints = ["/v1/chat/completions"] as const

const mostMetadata = 16
const Metadata = Schema.Record({
  key: Schema.String.pipe(Schema.maxLength(64)),
  value: Schema.String.pipe(Schema.maxLength(512)),
}).pipe(
  Schema.filter(
    (given) => Object.keys(given).length <= mostMetadata || `at most ${mostMetadata} entries`,
    { jsonSchema: { maxProperties: mostMetadata } },
  ),
)

export const BatchWish = Schema.Struct({
  input_file_id: described(text(100), "A file of purpose batch: one request a line"),
  endpoint: described(Schema.Literal(...endpoints), "What each line asks for"),
  completion_window: described(Schema.Literal("24h"), "Within which it is done"),
  metadata: Schema.optionalWith(Schema.NullOr(Metadata), { exact: true }),
})
export type BatchWish = typeof BatchWish.Type

export const BatchView = Schema.Struct({
  id: Schema.String,
  object: Schema.Literal("batch"),
  endpoint: Schema.String,
  model: Schema.NullOr(Schema.String),
  errors: Schema.NullOr(
    Schema.Struct({
      object: Schema.Literal("list"),
      data: Schema.Array(
        Schema.Struct({
          code: Schema.String,
          message: Schema.String,
          param: Schema.NullOr(Schema.String),
          line: described(Schema.NullOr(Schema.Int), "From 1 on"),
        }),
      ),
    }),
  ),
  input_file_id: Schema.String,
  completion_window: Schema.Literal("24h"),
  status: Schema.Literal(...batchStatuses),
  output_file_id: MaybeFile,
  error_file_id: MaybeFile,
  created_at: UnixSeconds,
  in_progress_at: MaybeSeconds,
  expires_at: UnixSeconds,
  finalizing_at: MaybeSeconds,
  completed_at: MaybeSeconds,
  failed_at: MaybeSeconds,
  expired_at: MaybeSeconds,
  cancelling_at: MaybeSeconds,
  cancelled_at: MaybeSeconds,
  request_counts: Schema.Struct({
    total: Schema.Int,
    completed: Schema.Int,
    failed: Schema.Int,
  }),
  charge: described(Schema.String, "What it was charged so far: credits, as a decimal"),
  metadata: Schema.NullOr(Schema.Record({ key: Schema.String, value: Schema.String })),
})
export type BatchView = typeof BatchView.Type
export const BatchPage = pageOf(BatchView)

export const mostBatches = 100
export const BatchQuery = Schema.Struct({ limit: limit(mostBatches, 20), after: After })
export type BatchQuery = typeof BatchQuery.Type
export const BatchPath = Schema.Struct({ id: described(text(100), "Of a batch") })
export type BatchPath = typeof BatchPath.Type
