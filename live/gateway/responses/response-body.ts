/** OpenAI's `response`: what was asked, what came of it. */
import type { JsonObject } from "../../../platform/json/json-object.ts"
import type { Envelope, Usage } from "../answer/answer.ts"
import type { ResponsesBody } from "./body.ts"
import type { OutputItem } from "./output-items.ts"
import { itemView } from "./output-items.ts"

export type ResponseEnd =
  | { readonly status: "completed"; readonly usage: Usage }
  | { readonly status: "incomplete"; readonly usage: Usage; readonly reason: IncompleteReason }
  | { readonly status: "failed"; readonly message: string }
export type IncompleteReason = "max_output_tokens" | "content_filter"

export type ResponseBody = JsonObject & { readonly output: ReadonlyArray<JsonObject> }

/** Before its end a response is in progress. */
export const responseBody = (
  { id, created, model }: Envelope,
  body: ResponsesBody,
  output: ReadonlyArray<OutputItem>,
  end: ResponseEnd | undefined,
): ResponseBody => ({
  id,
  object: "response",
  created_at: created,
  status: end?.status ?? "in_progress",
  background: false,
  error: end?.status === "failed" ? { code: "server_error", message: end.message } : null,
  incomplete_details: end?.status === "incomplete" ? { reason: end.reason } : null,
  instructions: body.instructions ?? null,
  max_output_tokens: body.max_output_tokens ?? null,
  max_tool_calls: body.max_tool_calls ?? null,
  metadata: body.metadata ?? {},
  model,
  output: output.map(itemView),
  parallel_tool_calls: body.parallel_tool_calls ?? true,
  previous_response_id: null,
  prompt_cache_key: body.prompt_cache_key ?? null,
  reasoning: {
    effort: body.reasoning?.effort ?? null,
    summary: body.reasoning?.summary ?? body.reasoning?.generate_summary ?? null,
  },
  safety_identifier: body.safety_identifier ?? null,
  service_tier: "default",
  store: false,
  temperature: body.temperature ?? null,
  text: { ...body.text, format: body.text?.format ?? { type: "text" } },
  tool_choice: body.tool_choice ?? "auto",
  tools: body.tools ?? [],
  top_logprobs: body.top_logprobs ?? 0,
  top_p: body.top_p ?? null,
  truncation: "disabled",
  usage: end === undefined || end.status === "failed" ? null : usageBody(end.usage),
  ...(typeof body.user === "string" ? { user: body.user } : {}),
})

/** What was read from a cache, or was reasoning, the gateway does not tell apart. */
const usageBody = ({ promptTokens, completionTokens, cost }: Usage) => ({
  input_tokens: promptTokens,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: completionTokens,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: promptTokens + completionTokens,
  cost,
})
