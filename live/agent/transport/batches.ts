/** A batch for whoever opens one over HTTP: the file first, then the batch of it. */
import { ComputeError } from "./json-api.ts"
import type { JsonApi } from "./json-api.ts"

/** As `/v1/batches` tells it, with OpenAI's names. */
export interface Batch {
  readonly id: string
  readonly status:
    | "validating"
    | "failed"
    | "in_progress"
    | "finalizing"
    | "completed"
    | "expired"
    | "cancelling"
    | "cancelled"
  readonly input_file_id: string
  readonly output_file_id: string | null
  readonly error_file_id: string | null
  readonly request_counts: {
    readonly total: number
    readonly completed: number
    readonly failed: number
  }
  readonly errors: {
    readonly data: ReadonlyArray<{
      readonly code: string
      readonly message: string
      readonly line: number | null
    }>
  } | null
  /** What it was charged so far: credits, as a decimal. */
  readonly charge: string
  /** Unix time, s. */
  readonly expires_at: number
}

/** `lines`: one request a line, as OpenAI has it. */
export const bringBatch = async (
  api: JsonApi,
  lines: Uint8Array,
  endpoint = "/v1/chat/completions",
): Promise<Batch> => {
  const form = new FormData()
  form.set("purpose", "batch")
  form.set("file", new Blob([new Uint8Array(lines)]), "batch.jsonl")
  const response = await api.fetch("/v1/files", { method: "POST", body: form })
  const { id } = (await response.json()) as { readonly id?: string }
  if (id === undefined) throw new ComputeError("expected a file with an id", response.status)
  return (await api.ask("POST", "/v1/batches", {
    input_file_id: id,
    endpoint,
    completion_window: "24h",
  })) as Batch
}
